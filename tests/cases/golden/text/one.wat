;; flag "one"
;; no other flag has this shape
(func (;17;) (type 0) (param i32 i32) (result i32)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; "s" starts with "pre"
  call 14
  if ;; label = @1
    i32.const 0                          ;; rule "starts": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=12                     ;; "s" ends with "@example.com"
  call 15
  if ;; label = @1
    i32.const 1                          ;; rule "ends": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=16                     ;; "s" contains "needle in a haystack"
  call 16
  if ;; label = @1
    i32.const 2                          ;; rule "contains": "on", TARGETING_MATCH
    return
  end
  i32.const 3                            ;; "off", DEFAULT
)
