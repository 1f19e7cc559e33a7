"""Wait for something to become true, and say what was heard last if it does not."""

import time
from collections.abc import Callable
from typing import TypeAlias

from localcluster.errors import NotReadyError

Condition: TypeAlias = Callable[[], bool]
Evidence: TypeAlias = Callable[[], str]

_PAUSE = 0.05


def wait_for(
    is_ready: Condition, is_alive: Condition, *, what: str, evidence: Evidence, timeout: float
) -> None:
    """Return when `is_ready`; at death or timeout (seconds) raise NotReadyError."""
    deadline = time.monotonic() + timeout
    while not is_ready():
        if not is_alive():
            raise NotReadyError(f"{what} ended before it was ready; the last of it:\n{evidence()}")
        if time.monotonic() > deadline:
            raise NotReadyError(
                f"{what} was not ready within {timeout:.0f} s; the last of it:\n{evidence()}"
            )
        time.sleep(_PAUSE)
