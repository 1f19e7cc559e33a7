"""The two loops: take a key, plan from the cache, carry the plan out, plan again."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Final

from wasmwright_operator.actions import (
    Action,
    CreateJob,
    CreateSmokeTest,
    CreateWasmNode,
    EvictPod,
    LabelNode,
    LookAtPods,
    ReadWarnings,
    ReserveSlots,
    UpdateWasmNode,
    Wake,
    WriteRuntimeStatus,
)
from wasmwright_operator.cache import FLEET, Cache, node_key, node_of
from wasmwright_operator.contention import Contention
from wasmwright_operator.executor import Executor, Subject
from wasmwright_operator.fleet import Memo, plan_fleet
from wasmwright_operator.kube.errors import (
    ApiError,
    ConflictError,
    NotFoundError,
    RefusedError,
    RetryableError,
)
from wasmwright_operator.kube.port import WASM_NODES
from wasmwright_operator.manifests.writes import Write
from wasmwright_operator.metrics import Metrics
from wasmwright_operator.node import NodeView, contested, plan_node, plan_refusal
from wasmwright_operator.workqueue import WorkQueue

logger: Final = logging.getLogger(__name__)

_WORKERS: Final = 16
_SHARE: Final = 19.0
"""The fleet plan rests this many times as long as it took: at most a twentieth of a core."""
_SHORTEST_REST: Final = 0.01
_LONGEST_REST: Final = 1.0
_LOOK_AT_ALL: Final = 600.0
"""Seconds between two reconciles of everything."""
_STATUS_PACE: Final = 2.0
"""Seconds between two writes of bare counts to the status of one WasmRuntime."""
_FINEST: Final = 0.001
"""Seconds that are not worth waiting for: a clock need not move on by less."""


Due = tuple[Action, Write]
"""An action of the fleet plan, and the request that it means."""


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
        self._executor = executor
        self._clock = clock
        self._rest = _SHORTEST_REST
        self._told: dict[str, float] = {}
        self._has_read_ledger = False
        self._contention = Contention()
        self._memo = Memo()

    def notify(self, keys: Iterable[str]) -> None:
        """Have keys reconciled; the fleet plan waits a moment, so that events come together."""
        for key in keys:
            self._queue.add(key, self._rest if key == FLEET else 0.0)

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
                await self.reconcile(key)
            except ConflictError:
                result = "requeue"
                self._queue.retry(key)
            except ApiError as error:
                after = error.retry_after or 0.0 if isinstance(error, RetryableError) else 0.0
                delay = self._queue.retry(key, after)
                extra = {"key": key, "error": str(error), "retry_in": delay}
                logger.warning("the API server did not do it", extra=extra)
            except Exception:
                self._queue.retry(key)
                logger.exception("reconciling failed", extra={"key": key})
            else:
                result = "success"
                self._queue.forget(key)
            finally:
                self._measure(key, time.perf_counter() - began, result)
                self._queue.done(key)

    def _measure(self, key: str, seconds: float, result: str) -> None:
        controller = "fleet" if key == FLEET else "node"
        self._metrics.worked.labels(controller).observe(seconds)
        self._metrics.results.labels(controller, result).inc()

    async def reconcile(self, key: str) -> None:
        """Plan for one key and carry the plan out."""
        if key == FLEET:
            await self._reconcile_fleet()
        else:
            await self._reconcile_node(node_of(key))

    async def _reconcile_fleet(self) -> None:
        await self._read_ledger()
        start = time.perf_counter()
        actions = plan_fleet(self._cache.snapshot(), self._clock(), self._memo)
        took = time.perf_counter() - start
        self._rest = min(max(took * _SHARE, _SHORTEST_REST), _LONGEST_REST)
        self._wake(FLEET, actions)
        due = self._first_per_object(self._paced(actions))
        due, refused = await self._reserve(due)
        writes = (self._write(action, write) for action, write in due)
        results = await asyncio.gather(*writes, return_exceptions=True)
        for error in (*refused, *results):
            if isinstance(error, BaseException):
                raise error

    async def _read_ledger(self) -> None:
        if not self._has_read_ledger:
            self.notify(await self._executor.refresh(self._executor.ledger))
            self._has_read_ledger = True

    async def _reserve(self, due: tuple[Due, ...]) -> tuple[tuple[Due, ...], tuple[ApiError, ...]]:
        """Take the slots of the runs that begin now; without them no run begins.

        Return what is left to be done, and why it is not everything.
        """
        rest = tuple(item for item in due if not isinstance(item[0], ReserveSlots))
        for action, write in due:
            if isinstance(action, ReserveSlots):
                try:
                    await self._confirm(action)
                    await self._write(action, write)
                except ApiError as error:
                    begins = CreateWasmNode | UpdateWasmNode
                    return tuple(item for item in rest if not isinstance(item[0], begins)), (error,)
        return rest, ()

    async def _confirm(self, action: ReserveSlots) -> None:
        """See that the runs which are to lose their slots were never begun."""
        for node, slot in action.presumed_unwritten.items():
            self.notify(await self._executor.refresh(Subject(WASM_NODES, node)))
            found = self._cache.wasm_nodes.get(node)
            if found is not None and slot.is_of(found.spec):
                raise ConflictError(f"wasmnodes {node!r}: its run was begun after all")

    async def _reconcile_node(self, node: str) -> None:
        view, now = self._cache.node_view(node), self._clock()
        actions = plan_node(view, self._cache.jobs_of(node), self._cache.pods_of(node), now)
        self._wake(node_key(node), actions)
        for action in actions:
            if self._has_to_wait(action):
                return
            try:
                await self._carry_out(action)
                await self._note(action, view)
            except RefusedError as error:
                for answer in _after_refusal(view, action, error, now):
                    await self._carry_out(answer)

    def _has_to_wait(self, action: Action) -> bool:
        """Tell whether somebody undoes a change of labels again and again; later actions wait too.

        No run may start on a node whose labels could not be lowered before.
        """
        if not isinstance(action, LabelNode):
            return False
        pause = self._contention.wait(action, asyncio.get_running_loop().time())
        if pause:
            self._queue.add(node_key(action.name), pause)
        return pause > 0

    async def _note(self, action: Action, view: NodeView) -> None:
        if not isinstance(action, LabelNode):
            return
        is_new = self._contention.note(action, asyncio.get_running_loop().time())
        if is_new and view.wasm_node is not None:
            await self._carry_out(contested(view.wasm_node, action))

    async def _carry_out(self, action: Action) -> None:
        if isinstance(action, LookAtPods):
            self.notify(await self._executor.look_at_pods(action))
            return
        if isinstance(action, ReadWarnings):
            self.notify(await self._executor.read_warnings(action))
            return
        if isinstance(action, EvictPod):
            await self._executor.evict(action)
            return
        write = self._executor.render(action)
        if write is not None:
            await self._write(action, write)

    async def _write(self, action: Action, write: Write) -> None:
        """Make one write; after a conflict read the object anew, whatever the watch does."""
        node = write.name if write.resource == WASM_NODES else ""
        before = self._cache.wasm_nodes.get(node)
        try:
            self.notify(await self._executor.execute(action, write))
        except (ConflictError, NotFoundError) as error:
            logger.info("decided on an old state", extra={"error": str(error)})
            self.notify(await self._executor.refresh(self._executor.subject(write)))
            raise ConflictError(str(error)) from error
        if self._cache.wasm_nodes.get(node) is not before:
            self._metrics.runs.take(action, before, self._clock())

    def _first_per_object(self, actions: Iterable[Action]) -> tuple[Due, ...]:
        """Drop later writes to an object: the first one changes its version, so plan again then."""
        chosen: dict[tuple[str, str], Due] = {}
        for action in actions:
            write = self._executor.render(action)
            if write is not None:
                chosen.setdefault((write.resource.plural, write.name), (action, write))
        return tuple(chosen.values())

    def _paced(self, actions: Iterable[Action]) -> Iterator[Action]:
        now = asyncio.get_running_loop().time()
        for action in actions:
            if isinstance(action, WriteRuntimeStatus):
                rest = self._told.get(action.name, -_STATUS_PACE) + _STATUS_PACE - now
                if rest > _FINEST and not action.is_urgent:
                    self._queue.add(FLEET, rest)
                    continue
                self._told[action.name] = now
            yield action

    def _wake(self, key: str, actions: Iterable[Action]) -> None:
        for action in actions:
            if isinstance(action, Wake):
                delay = (action.at - self._clock()).total_seconds()
                self._queue.add(key, max(0.0, delay))


def _after_refusal(
    view: NodeView, action: Action, error: RefusedError, now: datetime
) -> tuple[Action, ...]:
    """Return what to do when the API server will not do what a run cannot do without."""
    needed = CreateJob | LookAtPods | CreateSmokeTest
    if not isinstance(action, needed) or not (view.node and view.wasm_node):
        raise error
    return plan_refusal(view.node, view.wasm_node, action, str(error), now)
