"""A source that does what a script says, and an informer that it feeds, in a time of its own."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from wasmwright_operator.cache import Cache
from wasmwright_operator.fleet import FleetPolicy
from wasmwright_operator.kube.errors import ApiError
from wasmwright_operator.kube.port import NODES, Change, ChangeType, Page, Raw, Resource
from wasmwright_operator.watch import Informer
from wasmwright_operator.watch.feed import Feed
from wasmwright_operator.watch.pace import Pace

FOREVER = 1e6


def node(name: str, version: int, uid: str = "", **labels: str) -> Raw:
    metadata = {"name": name, "uid": uid or f"uid-of-{name}", "resourceVersion": str(version)}
    return {"metadata": {**metadata, "labels": labels}}


def added(name: str, version: int, **more: Any) -> Change:
    return Change(ChangeType.ADDED, node(name, version, **more))


def changed(name: str, version: int, **more: Any) -> Change:
    return Change(ChangeType.MODIFIED, node(name, version, **more))


def deleted(name: str, version: int, **more: Any) -> Change:
    return Change(ChangeType.DELETED, node(name, version, **more))


def bookmark(version: int) -> Change:
    return Change(ChangeType.BOOKMARK, {"metadata": {"resourceVersion": str(version)}})


@dataclass
class Listing:
    """One answer to a list: its parts, then perhaps an error instead of the rest."""

    version: int
    pages: Iterable[Iterable[Raw]] = ()
    error: ApiError | None = None


@dataclass
class Watching:
    """One watch: an error at once, or changes and pauses, then an error or a regular end."""

    events: Iterable[Change | float] = ()
    error: ApiError | None = None
    refused: ApiError | None = None


@dataclass
class Scripted:
    """Plays lists and watches in the order in which they stand; the last of each goes on."""

    lists: deque[Listing]
    watches: deque[Watching]
    asked: list[tuple[float, str]] = field(default_factory=list)
    """When it was asked for what: `list`, or the version from which to watch."""

    async def list(self, _: Resource, *, selector: str = "") -> AsyncIterator[Page]:
        assert selector == "a=b"
        self._note("list")
        listing = self.lists.popleft() if len(self.lists) > 1 else self.lists[0]
        for items in listing.pages:
            yield Page(tuple(items), str(listing.version))
        if listing.error:
            raise listing.error
        if not listing.pages:
            yield Page((), str(listing.version))

    @asynccontextmanager
    async def watch(
        self, _: Resource, *, selector: str = "", version: str
    ) -> AsyncIterator[AsyncIterator[Change]]:
        assert selector == "a=b"
        self._note(version)
        watching = self.watches.popleft() if self.watches else Watching([FOREVER])
        if watching.refused:
            raise watching.refused
        yield self._play(watching)

    async def _play(self, watching: Watching) -> AsyncIterator[Change]:
        for event in watching.events:
            if isinstance(event, Change):
                yield event
            else:
                await asyncio.sleep(event)
        if watching.error:
            raise watching.error

    def _note(self, what: str) -> None:
        self.asked.append((round(asyncio.get_running_loop().time(), 2), what))


class Play:
    """An informer at work on a script."""

    def __init__(self, lists: Iterable[Listing], watches: Iterable[Watching] = ()) -> None:
        self.source = Scripted(deque(lists), deque(watches))
        self.cache = Cache(FleetPolicy())
        self.told: list[str] = []
        feed = Feed(NODES.plural, self.cache, self.told.extend)
        self.informer = Informer(self.source, NODES, "a=b", feed, Pace(lambda: 0.5))

    async def go(self, seconds: float) -> None:
        """Let it run for some seconds; what it raises before their end is raised."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.informer.run()

    @property
    def asked(self) -> list[str]:
        return [what for _, what in self.source.asked]

    @property
    def known(self) -> dict[str, dict[str, str]]:
        return {name: dict(node.labels) for name, node in self.cache.nodes.by_name().items()}
