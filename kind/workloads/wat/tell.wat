;; Prints its environment, a line for each variable, and then the file /data/message.
(module
  (import "wasi_snapshot_preview1" "environ_sizes_get"
    (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get"
    (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 4)
  (data (i32.const 16) "data/message")
  (data (i32.const 32) "no message\n")
  (func $print (param $address i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $address))
    (i32.store (i32.const 4) (local.get $length))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func $print_environment (local $at i32) (local $end i32)
    (drop (call $environ_sizes_get (i32.const 64) (i32.const 68)))
    (drop (call $environ_get (i32.const 1024) (i32.const 65536)))
    (local.set $at (i32.const 65536))
    (local.set $end (i32.add (i32.const 65536) (i32.load (i32.const 68))))
    (block $done
      (loop $next                                  ;; each variable ends with a zero: make it a line
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (if (i32.eqz (i32.load8_u (local.get $at)))
          (then (i32.store8 (local.get $at) (i32.const 10))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (call $print (i32.const 65536) (i32.load (i32.const 68))))
  (func $print_message
    (if (call $path_open
          (i32.const 3) (i32.const 1)     ;; the root; links, as ConfigMaps have, are followed
          (i32.const 16) (i32.const 12)
          (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 72))
      (then (call $print (i32.const 32) (i32.const 11)) (return)))
    (i32.store (i32.const 0) (i32.const 131072))
    (i32.store (i32.const 4) (i32.const 65536))
    (drop (call $fd_read (i32.load (i32.const 72)) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $print (i32.const 131072) (i32.load (i32.const 8))))
  (func (export "_start")
    (call $print_environment)
    (call $print_message)))
