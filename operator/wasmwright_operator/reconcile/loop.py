"""Workers that take keys from one queue, and what becomes of a key whose reconcile fails."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from wasmwright_operator.cache import FLEET, Cache, node_key, node_of
from wasmwright_operator.executor import Executor
from wasmwright_operator.kube.errors import ApiError, ConflictError, RetryableError
from wasmwright_operator.metrics import Metrics
from wasmwright_operator.reconcile.effects import Effects
from wasmwright_operator.reconcile.fleet import FleetReconciler
from wasmwright_operator.reconcile.node import NodeReconciler
from wasmwright_operator.reconcile.schedule import Schedule
from wasmwright_operator.reconcile.workqueue import WorkQueue

logger: Final = logging.getLogger(__name__)

_WORKERS: Final = 16
_LOOK_AT_ALL: Final = 600.0
"""Seconds between two reconciles of everything."""


class Reconciler:
    """Works on the keys of one queue."""

    def __init__(
        self,
        cache: Cache,
        queue: WorkQueue,
        executor: Executor,
        clock: Callable[[], datetime],
        metrics: Metrics | None = None,
    ) -> None:
        self._metrics = metrics or Metrics()
        self._cache = cache
        self._queue = queue
        self._schedule = Schedule(queue, clock)
        effects = Effects(cache, executor, self._schedule, clock, self._metrics)
        self._fleet = FleetReconciler(cache, executor, effects, self._schedule, clock)
        self._nodes = NodeReconciler(cache, effects, self._schedule, clock)

    def notify(self, keys: Iterable[str]) -> None:
        """Have keys reconciled."""
        self._schedule.notify(keys)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_at_all())
            for _ in range(_WORKERS):
                group.create_task(self._work())

    async def _look_at_all(self) -> None:
        """Reconcile everything from time to time: no event is needed for things to come right."""
        while True:
            self.notify((FLEET, *map(node_key, self._cache.nodes.by_name())))
            await asyncio.sleep(_LOOK_AT_ALL)

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            began, result = time.perf_counter(), "error"
            try:
                await self._reconcile(key)
            except ConflictError:
                result = "requeue"
                self._queue.retry(key)
            except ApiError as error:
                self._retry(key, error)
            except Exception:
                self._queue.retry(key)
                logger.exception("reconciling failed", extra={"key": key})
            else:
                result = "success"
                self._queue.forget(key)
            finally:
                self._measure(key, time.perf_counter() - began, result)
                self._queue.done(key)

    async def _reconcile(self, key: str) -> None:
        if key == FLEET:
            await self._fleet.reconcile()
        else:
            await self._nodes.reconcile(node_of(key))

    def _retry(self, key: str, error: ApiError) -> None:
        after = error.retry_after or 0.0 if isinstance(error, RetryableError) else 0.0
        delay = self._queue.retry(key, after)
        extra = {"key": key, "error": str(error), "retry_in": delay}
        logger.warning("the API server did not do it", extra=extra)

    def _measure(self, key: str, seconds: float, result: str) -> None:
        controller = "fleet" if key == FLEET else "node"
        self._metrics.worked.labels(controller).observe(seconds)
        self._metrics.results.labels(controller, result).inc()
