;; flag "large"
;; no other flag has this shape
(func (;9;) (type 0) (param i32 i32) (result i32)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; "s" in a set of up to 43 strings, as digests
  call 4
  if ;; label = @1
    i32.const 0                          ;; rule "strings": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=12                     ;; "n" in a set of up to 32 numbers
  call 6
  if ;; label = @1
    i32.const 1                          ;; rule "numbers": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=16                     ;; lower "s" in a set of up to 22 strings, as digests
  call 8
  if ;; label = @1
    i32.const 2                          ;; rule "lowered": "on", TARGETING_MATCH
    return
  end
  i32.const 3                            ;; "off", DEFAULT
)
