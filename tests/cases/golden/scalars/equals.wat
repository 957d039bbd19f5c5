;; flag "equals"
;; no other flag has this shape
(func (;6;) (type 0) (param i32 i32) (result i32)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; "a" is true
  call 0
  if ;; label = @1
    i32.const 0                          ;; rule "boolean": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=12                     ;; "a" equals -0.5
  call 1
  if ;; label = @1
    i32.const 1                          ;; rule "number": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=16                     ;; "a" equals "eightchr"
  call 2
  if ;; label = @1
    i32.const 2                          ;; rule "short": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=20                     ;; "a" equals "nine-char"
  call 4
  if ;; label = @1
    i32.const 3                          ;; rule "long": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=24                     ;; "a" equals ""
  call 4
  if ;; label = @1
    i32.const 4                          ;; rule "empty": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=28                     ;; "b" exists
  call 5
  if ;; label = @1
    i32.const 5                          ;; rule "exists": "on", TARGETING_MATCH
    return
  end
  i32.const 6                            ;; "off", DEFAULT
)
