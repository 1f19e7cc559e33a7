"""Which revision of a runtime a node is to have now."""
