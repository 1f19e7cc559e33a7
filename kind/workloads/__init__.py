"""What tests and the demo run on nodes: wasm modules, images, shims and pods."""
