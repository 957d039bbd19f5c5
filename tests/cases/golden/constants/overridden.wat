;; flag "overridden"
;; no other flag has this shape
(func (;6;) (type 0) (param i32 i32) (result i32)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; "targetingKey" in {"eva", "tom"}
  call 5
  if ;; label = @1
    i32.const 0                          ;; "on", TARGETING_MATCH, override
    return
  end
  local.get 0
  local.get 1
  i32.load offset=12                     ;; "targetingKey" in {"tim"}
  call 5
  if ;; label = @1
    i32.const 1                          ;; "off", TARGETING_MATCH, override
    return
  end
  i32.const 2                            ;; "off", DEFAULT
)
