"""`make demo`: from nothing to a running wasm pod, and each step of it for tests to use."""
