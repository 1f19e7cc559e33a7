"""A queue of keys to reconcile, with the contract of controller-runtime's.

A key that waits is not added twice (the earlier time counts). A key that is being worked on and is
added again waits until that is done, so no key is ever worked on twice at the same time. Failures
back off per key.
"""

import asyncio
import heapq
from typing import Final

from wasmwright_operator.metrics import Metrics

_FIRST_BACKOFF: Final = 0.5
_LONGEST_BACKOFF: Final = 60.0
_MANY: Final = 16
_NAME: Final = "wasmwright"
_FINEST: Final = 0.001
"""What is due so soon is due now: waiting for less would only spin."""


class WorkQueue:
    """Keys with the time from which they are due, in seconds of the event loop's clock."""

    def __init__(self, metrics: Metrics | None = None) -> None:
        self._metrics = metrics or Metrics()
        self._due: dict[str, float] = {}
        self._order: list[tuple[float, int, str]] = []
        self._serial = 0
        self._running: set[str] = set()
        self._dirty: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._changed = asyncio.Event()

    def add(self, key: str, delay: float = 0.0) -> None:
        """Have a key worked on after some seconds, or earlier if it is queued for earlier."""
        due = _now() + delay
        waiting = self._dirty if key in self._running else self._due
        if key in waiting and waiting[key] <= due:
            return
        if key not in waiting:
            self._metrics.adds.labels(_NAME).inc()
        waiting[key] = due
        if waiting is self._due:
            self._push(key, due)

    async def get(self) -> str:
        """Wait for the next key that is due; the caller says `done` afterwards."""
        while True:
            key = self._pop_due()
            if key is not None:
                self._metrics.depth.labels(_NAME).set(len(self._due))
                self._running.add(key)
                return key
            self._changed.clear()
            await self._wait()

    def done(self, key: str) -> None:
        """Say that the work on a key has ended; if it was added meanwhile it is queued again."""
        self._running.discard(key)
        due = self._dirty.pop(key, None)
        if due is not None:
            self.add(key, max(0.0, due - _now()))

    def forget(self, key: str) -> None:
        """Say that a key was worked on with success: its next failure is the first."""
        self._failures.pop(key, None)

    def retry(self, key: str, at_least: float = 0.0) -> float:
        """Queue a key after a failure and return the delay, which doubles with each one."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        self._metrics.retries.labels(_NAME).inc()
        backoff = min(_FIRST_BACKOFF * float(2 ** min(failures, _MANY)), _LONGEST_BACKOFF)
        delay = max(backoff, at_least)
        self.add(key, delay)
        return delay

    def overdue(self) -> float:
        """Return for how many seconds the key that waits longest has been due."""
        return max((_now() - due for due in self._due.values()), default=0.0)

    def _push(self, key: str, due: float) -> None:
        self._serial += 1
        heapq.heappush(self._order, (due, self._serial, key))
        self._metrics.depth.labels(_NAME).set(len(self._due))
        self._changed.set()

    def _pop_due(self) -> str | None:
        while self._order and self._order[0][0] <= _now() + _FINEST:
            due, _serial, key = heapq.heappop(self._order)
            if self._due.get(key) == due:
                del self._due[key]
                self._metrics.waited.labels(_NAME).observe(max(0.0, _now() - due))
                return key
        return None

    async def _wait(self) -> None:
        delay = self._order[0][0] - _now() if self._order else None
        try:
            async with asyncio.timeout(delay):
                await self._changed.wait()
        except TimeoutError:
            return


def _now() -> float:
    return asyncio.get_running_loop().time()
