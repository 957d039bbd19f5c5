;; flag "lowered"
;; no other flag has this shape
(func (;13;) (type 0) (param i32 i32) (result i32)
  local.get 0
  local.get 1
  i32.load offset=8                      ;; lower "s" in {"strasse"}
  call 5
  if ;; label = @1
    i32.const 0                          ;; rule "equals": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=12                     ;; lower "s" starts with one of {"äö"}
  call 7
  if ;; label = @1
    i32.const 1                          ;; rule "starts": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=16                     ;; lower "s" ends with one of {"i\u{307}", "σασ"}
  call 9
  if ;; label = @1
    i32.const 2                          ;; rule "ends": "on", TARGETING_MATCH
    return
  end
  local.get 0
  local.get 1
  i32.load offset=20                     ;; lower "s" contains one of {"ⱥ"}
  call 12
  if ;; label = @1
    i32.const 3                          ;; rule "contains": "on", TARGETING_MATCH
    return
  end
  i32.const 4                            ;; "off", DEFAULT
)
