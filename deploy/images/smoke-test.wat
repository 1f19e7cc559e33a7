;; Shows that wasm runs on a node: leaves a sentence where the kubelet reads the last words of a
;; container, and says on its output what kept it from doing so.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "dev/termination-log")
  (data (i32.const 128) "wasmwright: wasm runs here\n")
  (data (i32.const 192) "wasm runs, but cannot open /dev/termination-log\n")
  (data (i32.const 256) "wasm runs, but cannot write to /dev/termination-log\n")
  (func $write (param $file i32) (param $address i32) (param $length i32) (result i32)
    (i32.store (i32.const 0) (local.get $address))
    (i32.store (i32.const 4) (local.get $length))
    (call $fd_write (local.get $file) (i32.const 0) (i32.const 1) (i32.const 8)))
  (func $fail (param $address i32) (param $length i32)
    (drop (call $write (i32.const 1) (local.get $address) (local.get $length)))
    (call $proc_exit (i32.const 1)))
  (func (export "_start")
    (if (call $path_open
          (i32.const 3) (i32.const 1)     ;; the root directory
          (i32.const 64) (i32.const 19)
          (i32.const 0) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 16))
      (then (call $fail (i32.const 192) (i32.const 48))))
    (if (call $write (i32.load (i32.const 16)) (i32.const 128) (i32.const 27))
      (then (call $fail (i32.const 256) (i32.const 52))))
    (drop (call $write (i32.const 1) (i32.const 128) (i32.const 27)))))
