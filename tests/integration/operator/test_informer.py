"""An informer on the real API server, over a wire that breaks at the wrong moments."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from integration.operator.api import NODES as PATH
from integration.operator.api import Api
from integration.operator.relay import Relay, address, through
from localcluster import Cluster
from wasmwright_operator.cache import Cache
from wasmwright_operator.fleet import FleetPolicy
from wasmwright_operator.kube.bucket import TokenBucket
from wasmwright_operator.kube.errors import ExpiredError
from wasmwright_operator.kube.login import load_configuration
from wasmwright_operator.kube.port import NODES, WASM_NODES, Change, Page, Resource
from wasmwright_operator.kube.source import ApiSource
from wasmwright_operator.kube.transport import Transport
from wasmwright_operator.watch import Informer
from wasmwright_operator.watch.feed import Feed
from wasmwright_operator.watch.pace import Pace

pytestmark = pytest.mark.integration

SILENCE = 2.0
"""Seconds after which a watch counts as dead here."""
LONG_AGO = "1"
"""A version from before the API server knew of WasmNodes: it kept nothing of them then."""


class Counting:
    """The real source; counts, and may ask for what is not kept any more."""

    def __init__(self, real: ApiSource) -> None:
        self.real = real
        self.lists = 0
        self.watched: list[str] = []
        self.forgets = False

    def list(self, resource: Resource, *, selector: str = "") -> AsyncIterator[Page]:
        self.lists += 1
        return self.real.list(resource, selector=selector)

    def watch(
        self, resource: Resource, *, selector: str = "", version: str
    ) -> AbstractAsyncContextManager[AsyncIterator[Change]]:
        self.watched.append(version)
        if self.forgets:
            self.forgets = False
            return self.real.watch(WASM_NODES, version=LONG_AGO)
        return self.real.watch(resource, selector=selector, version=version)


class Watched:
    """The nodes as the informer knows them, and the means to change them."""

    def __init__(self, api: Api, relay: Relay, source: ApiSource) -> None:
        self.api = api
        self.relay = relay
        self.added: list[str] = []
        self.source = Counting(source)
        self.cache = Cache(FleetPolicy())
        self.informer = Informer(
            self.source, NODES, "wire=yes", Feed("nodes", self.cache, list), Pace(lambda: 0.0)
        )

    async def add(self, name: str) -> None:
        self.added.append(name)
        body = {"metadata": {"name": name, "labels": {"wire": "yes"}}}
        await asyncio.to_thread(self.api.create, PATH, body)

    async def label(self, name: str, **labels: str | None) -> None:
        body = {"metadata": {"labels": labels}}
        await asyncio.to_thread(self.api.merge, f"{PATH}/{name}", body)

    async def delete(self, name: str) -> None:
        await asyncio.to_thread(self.api.delete, f"{PATH}/{name}")

    @property
    def known(self) -> set[str]:
        return set(self.cache.nodes.by_name())


@pytest.fixture
async def watched(
    api: Api, control_plane: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Watched]:
    """A running informer that knows the node w1."""
    async with Relay(*address(control_plane.kubeconfig)) as relay:
        config = through(relay, control_plane.kubeconfig, tmp_path / "kubeconfig")
        monkeypatch.setenv("KUBECONFIG", str(config))
        bucket = TokenBucket(100, 100, clock=asyncio.get_running_loop().time)
        transport = Transport(await load_configuration(), bucket)
        watched = Watched(api, relay, ApiSource(transport, silence=SILENCE))
        await watched.add("w1")
        task = asyncio.create_task(watched.informer.run())
        try:
            await until(lambda: watched.known == {"w1"} and len(watched.source.watched) == 1)
            yield watched
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await transport.close()
            for name in watched.added:
                await watched.delete(name)


async def until(is_so: Callable[[], bool], within: float = 20) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(within):
        while not is_so():  # noqa: ASYNC110 - it is a state, no event
            await asyncio.sleep(0.02)


async def test_watch__of_a_real_server__tells_of_every_change(watched: Watched) -> None:
    await watched.add("w2")
    await watched.label("w1", pool="a")
    await until(lambda: watched.known == {"w1", "w2"})
    await until(lambda: watched.cache.nodes.by_name()["w1"].labels.get("pool") == "a")

    await watched.delete("w2")
    await watched.label("w1", wire=None)

    await until(lambda: watched.known == set())
    assert (watched.source.lists, len(watched.source.watched)) == (1, 1)


async def test_broken_wire__what_happened_meanwhile__is_seen_without_a_list(
    watched: Watched,
) -> None:
    await watched.add("w2")
    await until(lambda: watched.known == {"w1", "w2"})

    watched.relay.cut()
    await watched.delete("w2")
    await watched.add("w3")
    await asyncio.sleep(1)
    assert watched.known == {"w1", "w2"}
    watched.relay.mend()

    await until(lambda: watched.known == {"w1", "w3"})
    assert watched.source.lists == 1
    assert len(watched.source.watched) > 1


async def test_version_that_is_not_kept__lists_anew_and_misses_no_deletion(
    watched: Watched,
) -> None:
    with pytest.raises(ExpiredError, match="HTTP 410"):
        async with watched.source.real.watch(WASM_NODES, version=LONG_AGO) as changes:
            await anext(changes)

    watched.relay.cut()
    await watched.delete("w1")
    await watched.add("w4")
    watched.source.forgets = True
    watched.relay.mend()

    await until(lambda: watched.known == {"w4"})
    assert watched.source.lists == 2
    await watched.add("w5")
    await until(lambda: watched.known == {"w4", "w5"})


async def test_dead_wire__that_nobody_tells_of__is_noticed_by_its_silence(
    watched: Watched,
) -> None:
    watched.relay.is_dead = True
    await watched.delete("w1")
    await asyncio.sleep(SILENCE / 2)
    watched.relay.mend()  # for new connections; the old one has lost bytes and stays broken

    await until(lambda: watched.known == set(), within=SILENCE + 5)
    assert watched.source.lists == 1
    assert watched.informer.problem() == ""
