"""Measurements: each prints JSON lines, and says what was counted and how."""
