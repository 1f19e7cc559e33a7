"""A queue of keys to reconcile, with the contract of controller-runtime's.

A key that waits is not added twice (the earlier time counts). A key that is being worked on and is
added again waits until that is done, so no key is ever worked on twice at the same time. Failures
back off per key. No key comes before its time, not even by a little: whoever asked to be woken then
would ask again, and again.
"""

import asyncio
import heapq
from collections import deque
from typing import Final

from wasmwright_operator.metrics import Metrics

_FIRST_BACKOFF: Final = 0.5
_LONGEST_BACKOFF: Final = 60.0
_MANY: Final = 16
_NAME: Final = "wasmwright"


class WorkQueue:
    """Keys with the time from which they are due, in seconds of the event loop's clock."""

    def __init__(self, metrics: Metrics | None = None) -> None:
        counted = metrics or Metrics()
        self._depth = counted.depth.labels(_NAME)
        self._adds = counted.adds.labels(_NAME)
        self._retries = counted.retries.labels(_NAME)
        self._waited = counted.waited.labels(_NAME)
        self._due: dict[str, float] = {}
        self._order: list[tuple[float, int, str]] = []
        self._serial = 0
        self._running: set[str] = set()
        self._dirty: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._idle: deque[asyncio.Future[None]] = deque()
        self._alarm: asyncio.TimerHandle | None = None

    def add(self, key: str, delay: float = 0.0) -> None:
        """Have a key worked on after some seconds, or earlier if it is queued for earlier."""
        due = _now() + delay
        waiting = self._dirty if key in self._running else self._due
        if key in waiting and waiting[key] <= due:
            return
        if key not in waiting:
            self._adds.inc()
        waiting[key] = due
        if waiting is self._due:
            self._push(key, due)

    async def get(self) -> str:
        """Wait for the next key that is due; the caller says `done` afterwards."""
        while True:
            key = self._pop_due()
            self._call_next()
            if key is not None:
                self._depth.set(len(self._due))
                self._running.add(key)
                return key
            await self._called()

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
        self._retries.inc()
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
        self._depth.set(len(self._due))
        self._call_next()

    def _pop_due(self) -> str | None:
        while self._order and self._order[0][0] <= _now():
            due, _serial, key = heapq.heappop(self._order)
            if self._due.get(key) == due:
                del self._due[key]
                self._waited.observe(max(0.0, _now() - due))
                return key
        return None

    def _call_next(self) -> None:
        """Call one idle worker when the next key is due, and not all of them for each key."""
        if not (self._order and self._idle):
            return
        due = self._order[0][0]
        if due <= _now():
            self._call()
        elif self._alarm is None or self._alarm.when() != due:
            self._set_alarm(due)

    def _set_alarm(self, due: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_at(due, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._call()

    def _call(self) -> None:
        while self._idle:
            worker = self._idle.popleft()
            if not worker.done():
                worker.set_result(None)
                return

    async def _called(self) -> None:
        """Wait idly; a worker that is called and ends instead lets another one answer."""
        worker = asyncio.get_running_loop().create_future()
        self._idle.append(worker)
        self._call_next()
        try:
            await worker
        except asyncio.CancelledError:
            self._call_next()
            raise


def _now() -> float:
    return asyncio.get_running_loop().time()
