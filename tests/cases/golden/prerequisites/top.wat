;; flag "top"
;; no other flag has this shape
(func (;7;) (type 0) (param i32 i32) (result i32)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; "base" serves variant 1
  call 3
  i32.eqz
  if ;; label = @1
    i32.const 0                          ;; "off", DEFAULT, prerequisite 1 is not met
    return
  end
  local.get 0
  local.get 1
  i32.load offset=12                     ;; "middle" serves variant 0
  call 3
  i32.eqz
  if ;; label = @1
    i32.const 1                          ;; "off", DEFAULT, prerequisite 2 is not met
    return
  end
  i32.const 2                            ;; "on", DEFAULT
)
