"""Follow the objects of one kind from outside, as they are now and as they change."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from integration.operator.api import Api, Raw

_PATIENCE: Final = 0.5
"""Seconds without an event after which a watch looks whether it is still wanted."""

Take = Callable[[str, Raw], None]


class WatchGapError(AssertionError):
    """Changes were missed, so nothing that was counted can be relied on."""


@contextmanager
def watching(
    kubeconfig: Path, path: str, take: Take, *, metadata_only: bool = False, **query: str
) -> Iterator[None]:
    """Tell `take` of every object that is there, and of every change until the block ends."""
    with watching_all(kubeconfig, Watch(path, take, query, metadata_only=metadata_only)):
        yield


@contextmanager
def watching_all(kubeconfig: Path, *watches: "Watch") -> Iterator[None]:
    """Follow several kinds at the same time."""
    stop = threading.Event()
    with ExitStack() as stack:
        stack.callback(stop.set)
        threads = [_start(stack, kubeconfig, watch, stop) for watch in watches]
        stack.callback(lambda: [thread.join() for thread in threads])
        stack.callback(stop.set)
        yield


@dataclass(frozen=True)
class Watch:
    """Which objects to follow, and who is told of them."""

    path: str
    take: Take
    query: dict[str, str] = field(default_factory=dict)
    metadata_only: bool = False


def _start(
    stack: ExitStack, kubeconfig: Path, watch: Watch, stop: threading.Event
) -> threading.Thread:
    follower = _Follower(stack.enter_context(Api(kubeconfig)), watch, stop)
    version = follower.take_all()
    thread = threading.Thread(target=follower.follow, args=(version,), name=f"watch {watch.path}")
    thread.start()
    return thread


@dataclass(frozen=True)
class _Follower:
    api: Api
    watch: Watch
    stop: threading.Event

    def take_all(self) -> str:
        answer = self.api.client.get(
            self.watch.path, params=self.watch.query, headers=self._accept("List")
        )
        found = answer.raise_for_status().json()
        for raw in found["items"] or ():
            self.watch.take("ADDED", raw)
        return str(found["metadata"]["resourceVersion"])

    def follow(self, version: str) -> None:
        while not self.stop.is_set():
            try:
                for event in self._stream(version):
                    if event["type"] == "ERROR":
                        raise WatchGapError(f"{self.watch.path} after {version}: {event['object']}")
                    self.watch.take(event["type"], event["object"])
                    version = event["object"]["metadata"]["resourceVersion"]
            except httpx.ReadTimeout:
                continue

    def _stream(self, version: str) -> Iterator[Raw]:
        query = {**self.watch.query, "watch": "1", "resourceVersion": version}
        patience = httpx.Timeout(10, read=_PATIENCE)
        with self.api.client.stream(
            "GET", self.watch.path, params=query, headers=self._accept(), timeout=patience
        ) as response:
            for line in response.iter_lines():
                yield json.loads(line)
                if self.stop.is_set():
                    return

    def _accept(self, suffix: str = "") -> dict[str, str]:
        """Return the header for an object as an event holds it, or for a list of them."""
        kind = (
            f";as=PartialObjectMetadata{suffix};g=meta.k8s.io;v=v1"
            if self.watch.metadata_only
            else ""
        )
        return {"Accept": f"application/json{kind}"}
