"""When keys are due: at once, after a rest of the fleet plan, or when a plan asks for it."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from wasmwright_operator.actions import Action, Wake
from wasmwright_operator.cache import FLEET
from wasmwright_operator.reconcile.workqueue import WorkQueue

_SHARE: Final = 39.0
"""The fleet plan rests this many times as long as it took: at most a fortieth of a core."""
_SHORTEST_REST: Final = 0.01
_LONGEST_REST: Final = 1.0


class Schedule:
    """Adds keys to the queue, each for its time."""

    def __init__(self, queue: WorkQueue, clock: Callable[[], datetime]) -> None:
        self._queue = queue
        self._clock = clock
        self._rest = _SHORTEST_REST

    def notify(self, keys: Iterable[str]) -> None:
        """Have keys reconciled; the fleet plan waits a moment, so that events come together."""
        for key in keys:
            self._queue.add(key, self._rest if key == FLEET else 0.0)

    def rest_after(self, took: float) -> None:
        """Have the fleet plan rest from now on as its last one calls for, which took so long."""
        self._rest = min(max(took * _SHARE, _SHORTEST_REST), _LONGEST_REST)

    def delay(self, key: str, seconds: float) -> None:
        """Have a key reconciled after a while."""
        self._queue.add(key, seconds)

    def wake(self, key: str, actions: Iterable[Action]) -> None:
        """Have a key reconciled when its plan asked for that."""
        for action in actions:
            if isinstance(action, Wake):
                delay = (action.at - self._clock()).total_seconds()
                self._queue.add(key, max(0.0, delay))
