;; flag "many"
;; no other flag has this shape
(func (;3;) (type 0) (param i32 i32) (result i32)
  (local i64 i64)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; "company" exists
  call 2
  if ;; label = @1
    local.get 0
    local.get 1
    i32.load offset=12                   ;; bucket of "company" under 0x90f1d38632aeae24
    call 0
    local.set 2
    local.get 2
    i64.const 0
    i64.lt_s
    i32.eqz
    if ;; label = @2
      i32.const 0
      local.get 2
      local.get 1
      i64.load offset=24                 ;; from 10000
      i64.ge_u
      i32.add
      local.get 2
      local.get 1
      i64.load offset=32                 ;; from 10000
      i64.ge_u
      i32.add
      local.get 2
      local.get 1
      i64.load offset=40                 ;; from 40000
      i64.ge_u
      i32.add
      local.get 2
      local.get 1
      i64.load offset=48                 ;; from 99999
      i64.ge_u
      i32.add
      return
    end
  end
  local.get 0
  local.get 1
  i32.load offset=16                     ;; bucket of "company" under 0x6b59572dd1b1616c
  call 0
  local.set 3
  local.get 3
  i64.const 0
  i64.lt_s
  i32.eqz
  if ;; label = @1
    i32.const 5
    local.get 3
    local.get 1
    i64.load offset=56                   ;; from 50000
    i64.ge_u
    i32.add
    return
  end
  i32.const 7                            ;; "e", DEFAULT
  return
  i32.const 7                            ;; "e", DEFAULT
)
