"""Spread over time what would otherwise happen to many nodes at once, without chance."""

import hashlib


def share(seed: str) -> float:
    """Return a number from 0 to 1 that looks random and is always the same."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4]) / 2**32
