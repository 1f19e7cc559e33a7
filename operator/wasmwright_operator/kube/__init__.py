"""The Kubernetes API as far as we use it: a port, its adapter, and typed errors."""
