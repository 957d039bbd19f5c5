;; flag "orders"
;; no other flag has this shape
(func (;5;) (type 0) (param i32 i32) (result i32)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; "n" < -1
  call 0
  if ;; label = @1
    i32.const 0                          ;; rule "lt": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=12                     ;; "n" <= 0
  call 1
  if ;; label = @1
    i32.const 1                          ;; rule "lte": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=16                     ;; "n" between 1 and 2.5
  call 2
  if ;; label = @1
    i32.const 2                          ;; rule "between": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=20                     ;; "n" >= 1000000
  call 3
  if ;; label = @1
    i32.const 3                          ;; rule "gte": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=24                     ;; "n" > 99.5
  call 4
  if ;; label = @1
    i32.const 4                          ;; rule "gt": "on", TARGETING_MATCH
    return
  end
  i32.const 5                            ;; "off", DEFAULT
)
