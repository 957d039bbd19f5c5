;; flag "several"
;; no other flag has this shape
(func (;21;) (type 0) (param i32 i32) (result i32)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; "s" starts with one of {"aa", "ab"}
  call 18
  if ;; label = @1
    i32.const 0                          ;; rule "starts": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=12                     ;; "s" ends with one of {"@example.org", "zz"}
  call 19
  if ;; label = @1
    i32.const 1                          ;; rule "ends": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=16                     ;; "s" contains one of {"mid", "middle"}
  call 20
  if ;; label = @1
    i32.const 2                          ;; rule "contains": "on", TARGETING_MATCH
    return
  end
  i32.const 3                            ;; "off", DEFAULT
)
