"""What a reconcile does to the world, and who is told of the answers."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from wasmwright_operator.actions import Action, EvictPod, LookAtPods, ReadWarnings
from wasmwright_operator.cache import Cache
from wasmwright_operator.executor import Executor, Subject
from wasmwright_operator.kube.errors import ConflictError, NotFoundError
from wasmwright_operator.kube.port import WASM_NODES
from wasmwright_operator.manifests.writes import Write
from wasmwright_operator.metrics import Metrics
from wasmwright_operator.reconcile.schedule import Schedule

logger: Final = logging.getLogger(__name__)


class Effects:
    """Has actions carried out; keys that their answers concern are reconciled."""

    def __init__(
        self,
        cache: Cache,
        executor: Executor,
        schedule: Schedule,
        clock: Callable[[], datetime],
        metrics: Metrics,
    ) -> None:
        self._cache = cache
        self._executor = executor
        self._schedule = schedule
        self._clock = clock
        self._runs = metrics.runs

    async def carry_out(self, action: Action) -> None:
        """Do what an action asks for, if it asks for anything to be done now."""
        match action:
            case LookAtPods():
                self._schedule.notify(await self._executor.look_at_pods(action))
            case ReadWarnings():
                self._schedule.notify(await self._executor.read_warnings(action))
            case EvictPod():
                await self._executor.evict(action)
            case _:
                write = self._executor.render(action)
                if write is not None:
                    await self.write(action, write)

    async def write(self, action: Action, write: Write) -> None:
        """Make one write; after a conflict read the object anew, whatever the watch does."""
        node = write.name if write.resource == WASM_NODES else ""
        before = self._cache.wasm_nodes.get(node)
        try:
            self._schedule.notify(await self._executor.execute(action, write))
        except (ConflictError, NotFoundError) as error:
            logger.info("decided on an old state", extra={"error": str(error)})
            await self.refresh(self._executor.subject(write))
            raise ConflictError(str(error)) from error
        if self._cache.wasm_nodes.get(node) is not before:
            self._runs.take(action, before, self._clock())

    async def refresh(self, subject: Subject) -> None:
        """Read an object anew."""
        self._schedule.notify(await self._executor.refresh(subject))
