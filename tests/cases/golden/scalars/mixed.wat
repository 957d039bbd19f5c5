;; flag "mixed"
;; no other flag has this shape
(func (;13;) (type 0) (param i32 i32) (result i32)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; "a" in {"x", "y"}
  call 10
  if (result i32) ;; label = @1
    i32.const 1
  else
    local.get 0
    local.get 1
    i32.load offset=12                   ;; "a" in a set of up to 4 numbers
    call 12
    if (result i32) ;; label = @2
      i32.const 1
    else
      local.get 0
      local.get 1
      i32.load offset=16                 ;; "a" is false
      call 0
    end
  end
  if ;; label = @1
    i32.const 0                          ;; rule "mixed": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=20                     ;; "a" exists
  call 5
  i32.eqz
  if ;; label = @1
    i32.const 1                          ;; rule "missing": "on", TARGETING_MATCH
    return
  end
  i32.const 2                            ;; "off", DEFAULT
)
