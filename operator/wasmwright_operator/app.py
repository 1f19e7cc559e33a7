"""Put the parts together: kopf runs the process and the watches, our loops do the rest."""

import asyncio
import gc
import logging
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any, Final

import kopf
from kubernetes.aio.client import Configuration

from wasmwright_operator import names
from wasmwright_operator.cache import Cache
from wasmwright_operator.election import Elector
from wasmwright_operator.election.elector import NAME
from wasmwright_operator.executor import Executor
from wasmwright_operator.handlers import register
from wasmwright_operator.health import Health, serve
from wasmwright_operator.kube.bucket import TokenBucket
from wasmwright_operator.kube.client import KubeClient
from wasmwright_operator.kube.login import load_configuration
from wasmwright_operator.manifests import JobTemplate
from wasmwright_operator.metrics import Metrics
from wasmwright_operator.reconcile import Reconciler
from wasmwright_operator.settings import Settings
from wasmwright_operator.sync import Synchronizer, watched
from wasmwright_operator.workqueue import WorkQueue

logger: Final = logging.getLogger(__name__)

_CHUNK: Final = 500
_OVERDUE: Final = 300.0
"""Seconds for which a key may wait before the process counts as stuck."""
_SILENT: Final = 30.0
"""Seconds without a look at the Lease after which a process is of no use to anybody."""
_LEASE_RATE: Final = 5.0
_LEASE_BURST: Final = 10
_GC_THRESHOLD: Final = 50_000
"""Collect seldom: parsing events makes much garbage and few cycles."""


class App:
    """One operator process."""

    def __init__(self, settings: Settings, template: JobTemplate) -> None:
        self._settings = settings
        self._template = template
        self._stack = AsyncExitStack()
        self._metrics = Metrics()
        self._queue = WorkQueue(self._metrics)
        self._is_synced = False

    async def run(self) -> None:
        """Run until the process is told to stop.

        Raises:
            LeadershipLostError: another process may act from now on.
        """
        configuration = await load_configuration()
        elector = self._elector(configuration)
        async with self._stack:
            await self._serve_health(elector)
            await elector.acquire()
            self._stack.push_async_callback(elector.release)
            holding = asyncio.create_task(elector.hold(), name="lease")
            self._stack.push_async_callback(_stop, [holding])
            await self._lead(configuration, holding)

    def _elector(self, configuration: Configuration) -> Elector:
        """The Lease has requests of its own: a rollout that waits for its turn must not cost it."""
        kube = KubeClient(configuration, _bucket(_LEASE_RATE, _LEASE_BURST), self._metrics)
        self._stack.push_async_callback(kube.close)
        elector = Elector(kube, self._settings.jobs.namespace, self._settings.identity, _now)
        self._metrics.leader.labels(NAME).set_function(lambda: float(elector.is_leading))
        return elector

    async def _serve_health(self, elector: Elector) -> None:
        health = Health(alive={"queue": self._stuck}, ready={"lease": lambda: _cut_off(elector)})
        health.metrics = self._metrics
        health.ready["sync"] = lambda: _behind(elector, is_synced=self._is_synced)
        runner = await serve(health, self._settings.health_port)
        self._stack.push_async_callback(runner.cleanup)

    async def _lead(self, configuration: Configuration, holding: asyncio.Task[None]) -> None:
        kube = KubeClient(
            configuration,
            _bucket(self._settings.api_rate, self._settings.api_burst),
            self._metrics,
        )
        self._stack.push_async_callback(kube.close)
        namespace = self._settings.jobs.namespace
        cache = Cache(self._settings.fleet)
        executor = Executor(kube, cache, self._template, namespace=namespace, clock=_now)
        self._metrics.watch_fleet(lambda: cache.runtimes)
        reconciler = Reconciler(cache, self._queue, executor, _now, self._metrics)
        synchronizer = Synchronizer(kube, cache, reconciler, namespace)
        await synchronizer.run_once()
        self._is_synced = True
        logger.info("in sync", extra={"nodes": len(cache.nodes.by_name())})
        gc.collect()
        gc.freeze()
        gc.set_threshold(_GC_THRESHOLD)
        await self._serve(cache, reconciler, synchronizer, holding)

    async def _serve(
        self,
        cache: Cache,
        reconciler: Reconciler,
        synchronizer: Synchronizer,
        holding: asyncio.Task[None],
    ) -> None:
        registry = kopf.OperatorRegistry()
        register(registry, cache, reconciler, self._settings.jobs.namespace)
        stop = asyncio.Event()
        loops = [
            asyncio.create_task(reconciler.run(), name="reconcile"),
            asyncio.create_task(synchronizer.run(), name="resync"),
        ]
        for loop in (*loops, holding):
            loop.add_done_callback(lambda _: _halt(loops, stop))
        self._stack.push_async_callback(_stop, loops)
        await asyncio.sleep(0)  # kopf takes tasks that start after it for its own
        await kopf.operator(
            registry=registry,
            settings=operator_settings(self._settings),
            standalone=True,
            # kopf's own identity is the user's name, and a container need not have one.
            identity=names.FIELD_MANAGER,  # type: ignore[arg-type]  # the type is private to kopf
            namespaces=[self._settings.jobs.namespace],
            stop_flag=stop,
        )
        for loop in (holding, *loops):
            if loop.done() and not loop.cancelled():
                loop.result()

    def _stuck(self) -> str:
        overdue = self._queue.overdue()
        return f"a key has been waiting for {overdue:.0f} s" if overdue > _OVERDUE else ""


def _halt(loops: list[asyncio.Task[None]], stop: asyncio.Event) -> None:
    """End all work at once: who may not act must not, and who cannot go on should start anew."""
    stop.set()
    for loop in loops:
        loop.cancel()


def _cut_off(elector: Elector) -> str:
    silence = elector.silence()
    return f"no word of it for {silence:.0f} s" if silence > _SILENT else ""


def _behind(elector: Elector, *, is_synced: bool) -> str:
    return "not everything was listed yet" if elector.is_leading and not is_synced else ""


def _bucket(rate: float, burst: int) -> TokenBucket:
    return TokenBucket(rate, burst, clock=asyncio.get_running_loop().time)


def operator_settings(settings: Settings) -> kopf.OperatorSettings:
    """Return kopf's settings: nothing is scanned, posted or persisted by it."""
    tuned = kopf.OperatorSettings()
    tuned.scanning.disabled = True
    tuned.peering.standalone = True
    tuned.posting.enabled = False
    tuned.watching.chunk_size = _CHUNK
    tuned.networking.request_timeout = 60
    tuned.networking.connect_timeout = 10
    tuned.queueing.idle_timeout = 1.0
    tuned.queueing.error_delays = (1, 1, 2, 3, 5, 8, 13, 21, 34, 60)
    tuned.process.ultimate_exiting_timeout = 30
    tuned.persistence.finalizer = f"{names.GROUP}/kopf"
    tuned.persistence.diffbase_storage = _NoDiffBase()
    for resource, selector in watched(settings.jobs.namespace).items():
        if selector:
            key = (resource.group, resource.version, resource.plural)
            tuned.watching.label_selectors[key] = selector
    return tuned


class _NoDiffBase(kopf.AnnotationsDiffBaseStorage):
    """Keeps nothing, and above all copies nothing: kopf would copy every object of every event."""

    def build(self, **_: Any) -> Any:  # type: ignore[explicit-override]  # noqa: ANN401 - kopf's own types are private
        return {}

    def fetch(self, **_: Any) -> Any:  # type: ignore[explicit-override]  # noqa: ANN401 - kopf's own types are private
        return None


async def _stop(loops: list[asyncio.Task[None]]) -> None:
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)


def _now() -> datetime:
    return datetime.now(UTC)
