;; flag "bucketed"
;; no other flag has this shape
(func (;1;) (type 0) (param i32 i32) (result i32)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; bucket of "company" under 0x7a08a8f914cc241d in 25000..75000
  call 0
  if ;; label = @1
    i32.const 0                          ;; rule "range": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=12                     ;; bucket of "targetingKey" under 0x5862f9ec296e4fde in 0..10000
  call 0
  if (result i32) ;; label = @1
    local.get 0
    local.get 1
    i32.load offset=16                   ;; bucket of "targetingKey" under 0x5c63878f56532d9f in 50000..100000
    call 0
    i32.eqz
  else
    i32.const 0
  end
  if ;; label = @1
    i32.const 1                          ;; rule "segment": "on", TARGETING_MATCH
    return
  end
  i32.const 2                            ;; "off", DEFAULT
)
