"""How long to wait before the API server is asked again."""

import random
from collections.abc import Callable
from typing import Final

_FIRST: Final = 0.5
_LONGEST: Final = 30.0
_MANY: Final = 16


class Pace:
    """Delays that double with each failure in a row, spread so that not all come at once."""

    def __init__(self, jitter: Callable[[], float] = random.random) -> None:
        self._jitter = jitter
        self.failures = 0
        """In a row."""

    def failed(self) -> float:
        """Count a failure and return for how many seconds to wait because of it."""
        delay = min(_FIRST * float(2 ** min(self.failures, _MANY)), _LONGEST)
        self.failures += 1
        return delay * (0.5 + self._jitter())

    def succeeded(self) -> None:
        """Have the next failure count as the first."""
        self.failures = 0
