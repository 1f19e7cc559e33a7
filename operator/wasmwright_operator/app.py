"""Put the parts together: the Lease, the informers, the reconcile loops, and the process."""

import asyncio
import gc
import logging
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Final

from kubernetes.aio.client import Configuration

from wasmwright_operator.cache import Cache
from wasmwright_operator.election import Elector
from wasmwright_operator.election.elector import NAME
from wasmwright_operator.executor import Executor
from wasmwright_operator.health import Health, serve
from wasmwright_operator.kube.bucket import TokenBucket
from wasmwright_operator.kube.client import KubeClient
from wasmwright_operator.kube.login import load_configuration
from wasmwright_operator.kube.source import ApiSource
from wasmwright_operator.kube.transport import Transport
from wasmwright_operator.manifests import JobTemplate
from wasmwright_operator.metrics import Metrics
from wasmwright_operator.process import until_stopped
from wasmwright_operator.reconcile import Reconciler
from wasmwright_operator.reconcile.workqueue import WorkQueue
from wasmwright_operator.settings import Settings
from wasmwright_operator.watch import Informer, informers

logger: Final = logging.getLogger(__name__)

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
        self._informers: tuple[Informer, ...] = ()

    async def run(self) -> None:
        """Run until the process is told to stop.

        Raises:
            LeadershipLostError: another process may act from now on.
        """
        gc.set_threshold(_GC_THRESHOLD)
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
        kube = KubeClient(self._transport(configuration, _LEASE_RATE, _LEASE_BURST))
        elector = Elector(kube, self._settings.jobs.namespace, self._settings.identity, _now)
        self._metrics.leader.labels(NAME).set_function(lambda: float(elector.is_leading))
        return elector

    async def _serve_health(self, elector: Elector) -> None:
        health = Health(alive={"queue": self._stuck}, ready={"lease": lambda: _cut_off(elector)})
        health.metrics = self._metrics
        health.ready["sync"] = lambda: self._behind(elector)
        runner = await serve(health, self._settings.health_port)
        self._stack.push_async_callback(runner.cleanup)

    async def _lead(self, configuration: Configuration, holding: asyncio.Task[None]) -> None:
        settings = self._settings
        transport = self._transport(configuration, settings.api_rate, settings.api_burst)
        namespace = settings.jobs.namespace
        cache = Cache(settings.fleet)
        executor = Executor(
            KubeClient(transport), cache, self._template, namespace=namespace, clock=_now
        )
        self._metrics.watch_fleet(lambda: cache.runtimes)
        reconciler = Reconciler(cache, self._queue, executor, _now, self._metrics)
        self._informers = informers(
            ApiSource(transport), cache, reconciler.notify, namespace, self._metrics
        )
        acting = asyncio.create_task(self._act(cache, reconciler), name="reconcile")
        await self._serve(configuration, [holding, acting])

    async def _act(self, cache: Cache, reconciler: Reconciler) -> None:
        """Reconcile as soon as everything is known."""
        for informer in self._informers:
            await informer.synced.wait()
        logger.info("in sync", extra={"nodes": len(cache.nodes.by_name())})
        gc.collect()
        gc.freeze()
        await reconciler.run()

    async def _serve(self, configuration: Configuration, loops: list[asyncio.Task[None]]) -> None:
        """Run until told to stop, or until one of the loops ends: none of them should."""
        for informer in self._informers:
            name = f"watch {informer.resource.plural}"
            loops.append(asyncio.create_task(informer.run(), name=name))
        self._stack.push_async_callback(_stop, loops)
        stop = asyncio.Event()
        halt = partial(_halt, loops, stop)
        for loop in loops:
            loop.add_done_callback(lambda _: halt())
        await asyncio.sleep(0)  # kopf takes tasks that start after it for its own
        await until_stopped(configuration, stop, halt)
        for loop in loops:
            if loop.done() and not loop.cancelled():
                loop.result()

    def _transport(self, configuration: Configuration, rate: float, burst: int) -> Transport:
        bucket = TokenBucket(rate, burst, clock=asyncio.get_running_loop().time)
        transport = Transport(configuration, bucket, self._metrics)
        self._stack.push_async_callback(transport.close)
        return transport

    def _behind(self, elector: Elector) -> str:
        if not elector.is_leading:
            return ""
        problems = (informer.problem() for informer in self._informers)
        return "; ".join(filter(None, problems)) if self._informers else "only now began to lead"

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


async def _stop(loops: list[asyncio.Task[None]]) -> None:
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)


def _now() -> datetime:
    return datetime.now(UTC)
