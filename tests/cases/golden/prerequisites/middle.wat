;; flag "middle"
;; no other flag has this shape
(func (;5;) (type 0) (param i32 i32) (result i32)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; "base" serves one of some variants
  call 3
  i32.eqz
  if ;; label = @1
    i32.const 0                          ;; "off", DEFAULT, prerequisite 1 is not met
    return
  end
  local.get 0
  local.get 1
  i32.load offset=12                     ;; "beta" is true
  call 4
  if ;; label = @1
    i32.const 1                          ;; rule "r": "on", TARGETING_MATCH
    return
  end
  i32.const 2                            ;; "off", DEFAULT
)
