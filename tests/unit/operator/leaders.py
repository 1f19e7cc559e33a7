"""Several leaders on one API server, each with a slow line to it and an old view of it."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from unit.operator.driver import NAMESPACE, TEMPLATE, Driver
from unit.operator.fake_kube import FakeKube
from wasmwright_operator import names
from wasmwright_operator.cache import Cache
from wasmwright_operator.executor import Executor
from wasmwright_operator.fleet import FleetPolicy
from wasmwright_operator.kube.port import WASM_NODES, Kube, Raw, Resource
from wasmwright_operator.reconcile import Reconciler
from wasmwright_operator.reconcile.workqueue import WorkQueue
from wasmwright_operator.records import parse_wasm_node
from wasmwright_operator.watch import watched

T = TypeVar("T")

PLURALS = {resource.plural for resource in watched(NAMESPACE)}


class SlowLine:
    """A `Kube` whose requests and answers take their time; a crash may come in between."""

    def __init__(self, kube: FakeKube, chance: random.Random) -> None:
        self._kube = kube
        self._chance = chance

    async def _slowly(self, call: Callable[[], Awaitable[T]]) -> T:
        await asyncio.sleep(self._chance.choice((0, 0.001, 0.02, 0.2)))
        answer = await call()
        await asyncio.sleep(self._chance.choice((0, 0.001, 0.02, 0.2)))
        return answer

    async def get(self, resource: Resource, name: str) -> Raw:
        return await self._slowly(lambda: self._kube.get(resource, name))

    async def create(self, resource: Resource, manifest: Mapping[str, Any]) -> Raw:
        return await self._slowly(lambda: self._kube.create(resource, manifest))

    async def merge(
        self, resource: Resource, name: str, change: Mapping[str, Any], *, subresource: str = ""
    ) -> Raw:
        return await self._slowly(
            lambda: self._kube.merge(resource, name, change, subresource=subresource)
        )

    async def patch_metadata(
        self, resource: Resource, name: str, operations: Sequence[Mapping[str, Any]]
    ) -> Raw:
        return await self._slowly(lambda: self._kube.patch_metadata(resource, name, operations))

    async def apply(self, resource: Resource, name: str, manifest: Mapping[str, Any]) -> Raw:
        return await self._slowly(lambda: self._kube.apply(resource, name, manifest))

    async def delete(
        self, resource: Resource, name: str, *, uid: str, resource_version: str = ""
    ) -> None:
        await self._slowly(
            lambda: self._kube.delete(resource, name, uid=uid, resource_version=resource_version)
        )


class Leader:
    """One process that believes that it leads."""

    def __init__(
        self, world: "Leaders", lags: Sequence[float], chance: random.Random, policy: FleetPolicy
    ) -> None:
        self._world = world
        self._lags = lags
        self._chance = chance
        self._policy = policy
        self._tasks: list[asyncio.Task[None]] = []
        self.is_running = False
        self.blind_to: frozenset[str] = frozenset()
        """Nodes that it never hears of."""

    def start(self) -> None:
        self.cache = Cache(self._policy)
        queue = WorkQueue()
        kube: Kube = SlowLine(self._world.kube, self._chance)  # type: ignore[assignment]
        executor = Executor(
            kube, self.cache, TEMPLATE, namespace=NAMESPACE, clock=self._world.people.now
        )
        self.reconciler = Reconciler(self.cache, queue, executor, self._world.people.now)
        for (plural, _), raw in self._world.kube.objects.items():
            if plural in PLURALS:
                self._take("ADDED", plural, raw)
        self._tasks = [asyncio.create_task(self.reconciler.run())]
        self.is_running = True

    async def crash(self) -> None:
        self.is_running = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hear(self, kind: str, plural: str, raw: Raw) -> None:
        """Take in an event after a while, another one for each."""
        if self.is_running:
            loop, cache = asyncio.get_running_loop(), self.cache
            lag = self._chance.choice(self._lags)
            loop.call_later(lag, lambda: self._take(kind, plural, raw, cache))

    def _take(self, kind: str, plural: str, raw: Raw, cache: Cache | None = None) -> None:
        if cache is not None and cache is not self.cache:
            return  # of an earlier life
        metadata = raw["metadata"]
        if metadata["name"] in self.blind_to:
            return
        if kind == "DELETED":
            keys = self.cache.remove(plural, metadata["name"], metadata["uid"])
        else:
            keys = self.cache.observe(plural, raw)
        self.reconciler.notify(keys)


class Leaders:
    """The world that they share."""

    def __init__(
        self, count: int, seed: int, lags: Sequence[float], policy: FleetPolicy | None = None
    ) -> None:
        self.people = Driver()
        self.kube = self.people.kube
        self.kube.on_event = self._tell
        self.most: Counter[str] = Counter()
        """The most nodes in flight for each runtime at any moment, and for all under ""."""
        self.down: dict[str, frozenset[str]] = {}
        """By runtime: nodes that are down for reasons of their own."""
        self.most_down: Counter[str] = Counter()
        chance = random.Random(seed)  # noqa: S311 - a test's order of events
        given = policy or FleetPolicy()
        self.leaders = [Leader(self, lags, chance, given) for _ in range(count)]

    def _tell(self) -> None:
        self._count()
        while self.kube.events:
            event = self.kube.events.popleft()
            for leader in self.leaders:
                if event[1] in PLURALS:
                    leader.hear(*event)

    def _count(self) -> None:
        flying: Counter[str] = Counter()
        changed: dict[str, set[str]] = {name: set(nodes) for name, nodes in self.down.items()}
        for record in map(parse_wasm_node, self.people.of(WASM_NODES.plural)):
            if record.is_in_flight:
                flying.update((*record.spec.changes, ""))
                for entry in record.spec.runtimes:
                    if entry.name in record.spec.changes:
                        changed.setdefault(entry.name, set()).add(record.name)
        self.most |= flying
        self.most_down |= Counter({name: len(nodes) for name, nodes in changed.items()})

    async def settle(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def finish_until(self, is_done: Callable[[], bool], rounds: int = 200) -> None:
        """Let everything succeed until the world is as it should be."""
        for _ in range(rounds):
            for job in self.people.running():
                self.people.finish(job)
            await self.settle(20)
            if is_done():
                return
        raise AssertionError(f"not done: {self.ledger}")

    @property
    def ledger(self) -> dict[str, str]:
        found: dict[str, str] = self.people.get("configmaps", names.LEDGER).get("data", {})
        return found
