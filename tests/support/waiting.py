"""Wait for a statement to become true, and say what was last seen when it does not."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T], *, until: Callable[[T], object], within: float) -> T:
    """Return what `look` finds as soon as `until` accepts it; fail after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        seen = look()
        if until(seen):
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s; last seen: {seen!r}")
        time.sleep(0.05)
