;; flag "wide"
;; no other flag has this shape
(func (;7;) (type 0) (param i32 i32) (result i32)
  local.get 0
  local.get 1
  call 6
  if ;; label = @1
    i32.const 0                          ;; rule "wide": "on", TARGETING_MATCH
    return
  end
  i32.const 1                            ;; "off", DEFAULT
)
