;; flag "time"
;; no other flag has this shape
(func (;2;) (type 0) (param i32 i32) (result i32)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; time "t" before 1767225600000 ms
  call 0
  if ;; label = @1
    i32.const 0                          ;; rule "before": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=12                     ;; time "t" after 1780264800000 ms
  call 1
  if ;; label = @1
    i32.const 1                          ;; rule "after": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=16                     ;; time "$now" after 1700000000000 ms
  call 1
  if ;; label = @1
    i32.const 2                          ;; rule "now": "on", TARGETING_MATCH
    return
  end
  i32.const 3                            ;; "off", DEFAULT
)
