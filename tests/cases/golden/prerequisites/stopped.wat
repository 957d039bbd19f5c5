;; flag "stopped"
;; no other flag has this shape
(func (;6;) (type 0) (param i32 i32) (result i32)
  i32.const 0                            ;; "off", DISABLED
)
