;; flag "base"
;; no other flag has this shape
(func (;1;) (type 0) (param i32 i32) (result i32)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; "plan" equals "pro"
  call 0
  if ;; label = @1
    i32.const 0                          ;; rule "r": "two", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=12                     ;; "plan" equals "max"
  call 0
  if ;; label = @1
    i32.const 1                          ;; rule "s": "three", TARGETING_MATCH
    return
  end
  i32.const 2                            ;; "one", DEFAULT
)
