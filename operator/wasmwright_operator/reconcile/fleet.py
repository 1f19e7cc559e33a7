"""The reconcile of the fleet: one plan, its slots taken first, then all its writes at once."""

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import datetime

from wasmwright_operator.actions import Action
from wasmwright_operator.cache import FLEET, Cache
from wasmwright_operator.executor import Executor
from wasmwright_operator.fleet import Memo, plan_fleet
from wasmwright_operator.reconcile.effects import Effects
from wasmwright_operator.reconcile.pace import StatusPace
from wasmwright_operator.reconcile.reservation import Due, Reservation
from wasmwright_operator.reconcile.schedule import Schedule


class FleetReconciler:
    """Reconciles the fleet; what it remembers of earlier plans only makes the next one quicker."""

    def __init__(
        self,
        cache: Cache,
        executor: Executor,
        effects: Effects,
        schedule: Schedule,
        clock: Callable[[], datetime],
    ) -> None:
        self._cache = cache
        self._executor = executor
        self._effects = effects
        self._schedule = schedule
        self._clock = clock
        self._reservation = Reservation(cache, executor, effects)
        self._pace = StatusPace(schedule)
        self._memo = Memo()

    async def reconcile(self) -> None:
        """Plan for all nodes and runtimes and carry the plan out."""
        await self._reservation.read_ledger()
        due = self._first_per_object(self._pace.paced(self._plan()))
        due, refused = await self._reservation.reserve(due)
        writes = (self._effects.write(action, write) for action, write in due)
        results = await asyncio.gather(*writes, return_exceptions=True)
        for error in (*refused, *results):
            if isinstance(error, BaseException):
                raise error

    def _plan(self) -> tuple[Action, ...]:
        start = time.perf_counter()
        actions = plan_fleet(self._cache.snapshot(), self._clock(), self._memo)
        self._schedule.rest_after(time.perf_counter() - start)
        self._schedule.wake(FLEET, actions)
        return actions

    def _first_per_object(self, actions: Iterable[Action]) -> tuple[Due, ...]:
        """Drop later writes to an object: the first one changes its version, so plan again then."""
        chosen: dict[tuple[str, str], Due] = {}
        for action in actions:
            write = self._executor.render(action)
            if write is not None:
                chosen.setdefault((write.resource.plural, write.name), (action, write))
        return tuple(chosen.values())
