"""Effects on one host, under a given root: files, processes, systemd, the runtime's socket."""
