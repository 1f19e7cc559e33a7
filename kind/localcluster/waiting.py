"""Wait for something to become true, and say what was heard last if it does not."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from localcluster.commands import tail
from localcluster.errors import NotReadyError

Condition: TypeAlias = Callable[[], bool]

_PAUSE = 0.05


def wait_for(
    is_ready: Condition, is_alive: Condition, *, what: str, log: Path, timeout: float
) -> None:
    """Return when `is_ready`; raise NotReadyError with the end of the log at death or timeout."""
    deadline = time.monotonic() + timeout
    while not is_ready():
        if not is_alive():
            raise NotReadyError(
                f"{what} ended before it was ready; the last of {log}:\n{tail(log)}"
            )
        if time.monotonic() > deadline:
            raise NotReadyError(
                f"{what} was not ready within {timeout:.0f} s; the last of {log}:\n{tail(log)}"
            )
        time.sleep(_PAUSE)
