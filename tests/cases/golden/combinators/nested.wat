;; flag "nested"
;; no other flag has this shape
(func (;2;) (type 0) (param i32 i32) (result i32)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; "a" exists
  call 0
  if (result i32) ;; label = @1
    local.get 0
    local.get 1
    i32.load offset=12                   ;; "d" exists
    call 0
  else
    i32.const 0
  end
  i32.eqz
  if (result i32) ;; label = @1
    i32.const 1
  else
    local.get 0
    local.get 1
    i32.load offset=16                   ;; "a" equals 1
    call 1
    if (result i32) ;; label = @2
      local.get 0
      local.get 1
      i32.load offset=20                 ;; "b" equals 2
      call 1
      if (result i32) ;; label = @3
        i32.const 1
      else
        local.get 0
        local.get 1
        i32.load offset=24               ;; "c" equals 3
        call 1
      end
      i32.eqz
    else
      i32.const 0
    end
  end
  if ;; label = @1
    i32.const 0                          ;; rule "nested": "on", TARGETING_MATCH
    return
  end
  i32.const 1                            ;; "off", DEFAULT
)
