"""Follow the objects of one kind from outside, as they are now and as they change."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
    stop = threading.Event()
    with Api(kubeconfig) as api:
        follower = _Follower(api, path, take, query, stop, metadata_only=metadata_only)
        version = follower.take_all()
        thread = threading.Thread(target=follower.follow, args=(version,), name=f"watch {path}")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


@dataclass(frozen=True)
class _Follower:
    api: Api
    path: str
    take: Take
    query: dict[str, str]
    stop: threading.Event
    metadata_only: bool

    def take_all(self) -> str:
        answer = self.api.client.get(self.path, params=self.query, headers=self._accept("List"))
        found = answer.raise_for_status().json()
        for raw in found["items"] or ():
            self.take("ADDED", raw)
        return str(found["metadata"]["resourceVersion"])

    def follow(self, version: str) -> None:
        while not self.stop.is_set():
            try:
                for event in self._stream(version):
                    if event["type"] == "ERROR":
                        raise WatchGapError(f"{self.path} after {version}: {event['object']}")
                    self.take(event["type"], event["object"])
                    version = event["object"]["metadata"]["resourceVersion"]
            except httpx.ReadTimeout:
                continue

    def _stream(self, version: str) -> Iterator[Raw]:
        query = {**self.query, "watch": "1", "resourceVersion": version}
        patience = httpx.Timeout(10, read=_PATIENCE)
        with self.api.client.stream(
            "GET", self.path, params=query, headers=self._accept(), timeout=patience
        ) as response:
            for line in response.iter_lines():
                yield json.loads(line)
                if self.stop.is_set():
                    return

    def _accept(self, suffix: str = "") -> dict[str, str]:
        """Return the header for an object as an event holds it, or for a list of them."""
        kind = f";as=PartialObjectMetadata{suffix};g=meta.k8s.io;v=v1" if self.metadata_only else ""
        return {"Accept": f"application/json{kind}"}
