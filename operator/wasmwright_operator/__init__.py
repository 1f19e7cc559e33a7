"""The controller of wasmwright: who gets which WebAssembly runtimes, when, and what came of it."""
