"""Wait for a statement to become true, and say what was last seen when it does not."""

import time
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

T = TypeVar("T")

_SHORTEST: Final = 0.02
_LONGEST: Final = 0.15


def pauses() -> Iterator[float]:
    """Yield the seconds between one look and the next: soon at first, then less often.

    Each look takes processors from what it waits for, and many tests wait at the same time.
    """
    pause = _SHORTEST
    while True:
        yield pause
        pause = min(1.5 * pause, _LONGEST)


def eventually(look: Callable[[], T], *, until: Callable[[T], object], within: float) -> T:
    """Return what `look` finds as soon as `until` accepts it; fail after `within` seconds."""
    deadline, pause = time.monotonic() + within, pauses()
    while True:
        seen = look()
        if until(seen):
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s; last seen: {seen!r}")
        time.sleep(next(pause))
