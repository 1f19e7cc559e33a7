"""The container runtime's configuration: text in, text out, with the reason. Pure."""
