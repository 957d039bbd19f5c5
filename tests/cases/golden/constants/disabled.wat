;; flag "disabled"
;; 2 flags have this shape, and share this code
(func (;0;) (type 0) (param i32 i32) (result i32)
  i32.const 0                            ;; "b", DISABLED
)
