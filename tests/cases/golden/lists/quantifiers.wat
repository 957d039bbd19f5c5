;; flag "quantifiers"
;; no other flag has this shape
(func (;9;) (type 0) (param i32 i32) (result i32)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; some element of "l" in {"admin"} or a set of up to 2 numbers or true
  call 5
  if ;; label = @1
    i32.const 0                          ;; rule "any": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=12                     ;; some element of lower "l" in {"a"}
  call 7
  if (result i32) ;; label = @1
    local.get 0
    local.get 1
    i32.load offset=16                   ;; some element of lower "l" in {"b"}
    call 7
  else
    i32.const 0
  end
  if ;; label = @1
    i32.const 1                          ;; rule "all": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=20                     ;; "l" is a list
  call 8
  if (result i32) ;; label = @1
    local.get 0
    local.get 1
    i32.load offset=24                   ;; some element of "l" in {"x", "y"}
    call 5
    i32.eqz
  else
    i32.const 0
  end
  if ;; label = @1
    i32.const 2                          ;; rule "none": "on", TARGETING_MATCH
    return
  end
  i32.const 3                            ;; "off", DEFAULT
)
