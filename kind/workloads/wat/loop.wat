;; Prints the same line as hello, then one more each second, and never ends.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "hello from wasm\n")
  (data (i32.const 32) "tick\n")
  (func $print (param $address i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $address))
    (i32.store (i32.const 4) (local.get $length))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func $sleep
    (i32.store (i32.const 80) (i32.const 1))             ;; subscription: clock 1 is monotonic
    (i64.store (i32.const 88) (i64.const 1000000000))    ;; one second, in nanoseconds, from now on
    (drop (call $poll_oneoff (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (call $print (i32.const 16) (i32.const 16))
    (loop $forever
      (call $sleep)
      (call $print (i32.const 32) (i32.const 5))
      (br $forever))))
