;; flag "asks"
;; no other flag has this shape
(func (;3;) (type 0) (param i32 i32) (result i32)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; "source" serves variant 3
  call 1
  if ;; label = @1
    i32.const 0                          ;; rule "one": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=12                     ;; "extra" exists
  call 2
  if (result i32) ;; label = @1
    local.get 0
    local.get 1
    i32.load offset=16                   ;; "source" serves one of some variants
    call 1
  else
    i32.const 0
  end
  if ;; label = @1
    i32.const 1                          ;; rule "some": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=20                     ;; "source" serves one of some variants
  call 1
  i32.eqz
  if ;; label = @1
    i32.const 2                          ;; rule "none": "off", TARGETING_MATCH
    return
  end
  i32.const 3                            ;; "off", DEFAULT
)
