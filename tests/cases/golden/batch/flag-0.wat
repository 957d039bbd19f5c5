;; flag "flag-0"
;; 10 flags have this shape, and share this code
(func (;3;) (type 0) (param i32 i32) (result i32)
  (local i64)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; "age" >= 10
  call 0
  if (result i32) ;; label = @1
    local.get 0
    local.get 1
    i32.load offset=12                   ;; "country" equals "DE"
    call 1
  else
    i32.const 0
  end
  if ;; label = @1
    i32.const 0                          ;; rule "countries": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=16                     ;; bucket of "targetingKey" under 0x1e8cf783caea3443
  call 2
  local.set 2
  local.get 2
  i64.const 0
  i64.lt_s
  i32.eqz
  if ;; label = @1
    i32.const 1
    local.get 2
    local.get 1
    i64.load offset=24                   ;; from 0
    i64.ge_u
    i32.add
    return
  end
  i32.const 3                            ;; "off", DEFAULT
  return
  i32.const 3                            ;; "off", DEFAULT
)
