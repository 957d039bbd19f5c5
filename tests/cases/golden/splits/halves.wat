;; flag "halves"
;; no other flag has this shape
(func (;1;) (type 0) (param i32 i32) (result i32)
  (local i64)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; bucket of "targetingKey" under 0x4b8c4d16c55880b9
  call 0
  local.set 2
  local.get 2
  i64.const 0
  i64.lt_s
  i32.eqz
  if ;; label = @1
    i32.const 0
    local.get 2
    local.get 1
    i64.load offset=16                   ;; from 50000
    i64.ge_u
    i32.add
    return
  end
  i32.const 2                            ;; the caller's default, ERROR, TARGETING_KEY_MISSING
  return
  i32.const 2                            ;; the caller's default, ERROR, TARGETING_KEY_MISSING
)
