;; flag "source"
;; no other flag has this shape
(func (;5;) (type 0) (param i32 i32) (result i32)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; "n" equals 1
  call 4
  if ;; label = @1
    i32.const 0                          ;; rule "r1": "v1", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=12                     ;; "n" equals 2
  call 4
  if ;; label = @1
    i32.const 1                          ;; rule "r2": "v2", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=16                     ;; "n" equals 3
  call 4
  if ;; label = @1
    i32.const 2                          ;; rule "r3": "v3", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=20                     ;; "n" equals 4
  call 4
  if ;; label = @1
    i32.const 3                          ;; rule "r4": "v4", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=24                     ;; "n" equals 5
  call 4
  if ;; label = @1
    i32.const 4                          ;; rule "r5": "v5", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=28                     ;; "n" equals 6
  call 4
  if ;; label = @1
    i32.const 5                          ;; rule "r6": "v6", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=32                     ;; "n" equals 7
  call 4
  if ;; label = @1
    i32.const 6                          ;; rule "r7": "v7", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=36                     ;; "n" equals 8
  call 4
  if ;; label = @1
    i32.const 7                          ;; rule "r8": "v8", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=40                     ;; "n" equals 9
  call 4
  if ;; label = @1
    i32.const 8                          ;; rule "r9": "v9", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=44                     ;; "n" equals 10
  call 4
  if ;; label = @1
    i32.const 9                          ;; rule "r10": "v10", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=48                     ;; "n" equals 11
  call 4
  if ;; label = @1
    i32.const 10                         ;; rule "r11": "v11", TARGETING_MATCH
    return
  end
  i32.const 11                           ;; "v0", DEFAULT
)
