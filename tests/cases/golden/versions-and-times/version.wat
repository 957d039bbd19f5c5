;; flag "version"
;; no other flag has this shape
(func (;7;) (type 0) (param i32 i32) (result i32)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; version "v" < 1.2.0
  call 3
  if ;; label = @1
    i32.const 0                          ;; rule "release": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=12                     ;; version "v" < 2.0.0-rc.2
  call 6
  if ;; label = @1
    i32.const 1                          ;; rule "prerelease": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=16                     ;; version "v" >= 4294967296.0.0
  call 6
  if ;; label = @1
    i32.const 2                          ;; rule "huge": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=20                     ;; version "v" == 3.0.0
  call 3
  if ;; label = @1
    i32.const 3                          ;; rule "equal": "on", TARGETING_MATCH
    return
  end
  i32.const 4                            ;; "off", DEFAULT
)
