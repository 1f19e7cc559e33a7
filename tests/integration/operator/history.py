"""Everything that happened in a cluster, in the order in which it happened.

Watches tell of every version of every object, and versions are revisions of the one store behind
the API server: put in their order, the changes of all kinds give the state of the cluster at every
instant that there was, not only at those at which somebody looked.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Final, Self

from integration.operator.api import CLASSES, NODES, WN, WRT, Raw
from integration.operator.kubelets import NAMESPACE, PODS
from integration.operator.moment import Moment
from integration.operator.watches import Watch, watching_all

JOBS: Final = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs"
WATCHED: Final = {
    "nodes": NODES,
    "wasmnodes": WN,
    "wasmruntimes": WRT,
    "runtimeclasses": CLASSES,
    "jobs": JOBS,
    "pods": PODS,
}


@dataclass(frozen=True, order=True)
class Change:
    """One version of one object."""

    version: int
    resource: str = field(compare=False)
    kind: str = field(compare=False)
    """ADDED, MODIFIED or DELETED."""
    raw: Raw = field(compare=False)


class History:
    """Records from `with` on."""

    def __init__(self, kubeconfig: Path) -> None:
        self._kubeconfig = kubeconfig
        self._changes: list[Change] = []
        self._lock = threading.Lock()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        watches = [Watch(path, self._taker(resource)) for resource, path in WATCHED.items()]
        self._stack.enter_context(watching_all(self._kubeconfig, *watches))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def changes(self) -> list[Change]:
        """What has happened so far, the oldest first."""
        with self._lock:
            return sorted(self._changes)

    def moments(self) -> Iterator[Moment]:
        """Yield the cluster after each change; it is the same object each time."""
        moment = Moment()
        for change in self.changes:
            moment.take(change.resource, change.kind, change.raw)
            moment.version = change.version
            yield moment

    def created(self, resource: str) -> list[Raw]:
        """Return the first version of each object of a kind, whether it is still there or not."""
        first: dict[str, Raw] = {}
        for change in self.changes:
            if change.resource == resource:
                first.setdefault(change.raw["metadata"]["uid"], change.raw)
        return list(first.values())

    def of(self, resource: str, name: str) -> list[Change]:
        """Return what happened to the objects of a name, the oldest first."""
        return [
            change
            for change in self.changes
            if change.resource == resource and change.raw["metadata"]["name"] == name
        ]

    def labels(self, node: str, key: str) -> list[str]:
        """Return the values that a label of a node had, in their order; empty = it was absent."""
        found = [
            "" if it.kind == "DELETED" else it.raw["metadata"]["labels"].get(key, "")
            for it in self.of("nodes", node)
        ]
        return [value for value, _ in groupby(found)]

    def _taker(self, resource: str) -> "Taker":
        return Taker(resource, self._changes, self._lock)


@dataclass(frozen=True)
class Taker:
    """Notes what a watch of one kind tells."""

    resource: str
    changes: list[Change]
    lock: threading.Lock

    def __call__(self, kind: str, raw: Raw) -> None:
        version = int(raw["metadata"]["resourceVersion"])
        with self.lock:
            self.changes.append(Change(version, self.resource, kind, raw))
