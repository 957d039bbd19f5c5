;; flag "inside"
;; no other flag has this shape
(func (;14;) (type 0) (param i32 i32) (result i32)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; in segment 1
  call 8
  if ;; label = @1
    i32.const 0                          ;; rule "insiders": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=12                     ;; in segment 3
  call 8
  i32.eqz
  if ;; label = @1
    i32.const 1                          ;; rule "no-testers": "on", TARGETING_MATCH
    return
  end
  i32.const 2                            ;; "off", DEFAULT
)
