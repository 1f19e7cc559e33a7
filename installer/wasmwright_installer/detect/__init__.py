"""Decisions over observed facts: which daemon, which node, which pods. Pure."""
