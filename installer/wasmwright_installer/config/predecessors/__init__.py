"""What earlier installers of wasm runtimes leave on a node, and how it is taken over. Pure."""
