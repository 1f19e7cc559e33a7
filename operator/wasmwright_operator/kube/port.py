"""The calls that we make, so that everything above works with a fake of them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from wasmwright_operator import names

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the API."""

    group: str
    """Empty for the core group."""
    version: str
    plural: str
    kind: str
    namespace: str = ""
    """For namespaced resources: the one that is looked at."""

    def in_namespace(self, namespace: str) -> "Resource":
        """Return the same resource in one namespace."""
        return Resource(self.group, self.version, self.plural, self.kind, namespace)

    def path(self, name: str = "", subresource: str = "") -> str:
        """Return the URL's path."""
        root = f"/apis/{self.group}" if self.group else "/api"
        scope = f"namespaces/{self.namespace}/" if self.namespace else ""
        parts = (f"{root}/{self.version}/{scope}{self.plural}", name, subresource)
        return "/".join(part for part in parts if part)


NODES: Final = Resource("", "v1", "nodes", "Node")
PODS: Final = Resource("", "v1", "pods", "Pod")
CONFIG_MAPS: Final = Resource("", "v1", "configmaps", "ConfigMap")
EVENTS: Final = Resource("", "v1", "events", "Event", "default")
JOBS: Final = Resource("batch", "v1", "jobs", "Job")
CONTROLLER_REVISIONS: Final = Resource("apps", "v1", "controllerrevisions", "ControllerRevision")
LEASES: Final = Resource("coordination.k8s.io", "v1", "leases", "Lease")
RUNTIME_CLASSES: Final = Resource("node.k8s.io", "v1", "runtimeclasses", "RuntimeClass")
WASM_RUNTIMES: Final = Resource(names.GROUP, names.VERSION, "wasmruntimes", "WasmRuntime")
WASM_NODES: Final = Resource(names.GROUP, names.VERSION, "wasmnodes", "WasmNode")


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list."""

    items: Sequence[Raw]
    resource_version: str
    """The moment that the whole list speaks of."""


class ChangeType(StrEnum):
    """What a watch tells of an object."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    BOOKMARK = "BOOKMARK"
    """Nothing but how far the watch is."""


@dataclass(frozen=True, slots=True)
class Change:
    """One event of a watch."""

    type: ChangeType
    raw: Raw


class Source(Protocol):
    """Where objects are learnt from. Both raise an `ApiError` when they do not succeed."""

    def list(self, resource: Resource, *, selector: str = "") -> AsyncIterator[Page]:
        """Yield all objects, in parts that are small enough to be held in memory.

        It is an ExpiredError if the API server forgot the rest before it was asked for.
        """
        ...

    def watch(
        self, resource: Resource, *, selector: str = "", version: str
    ) -> AbstractAsyncContextManager[AsyncIterator[Change]]:
        """Tell what happens after a version, until the API server ends it.

        It is an ExpiredError if that is too long ago, and an UnavailableError if the connection
        breaks, or is silent for so long that it must be dead.
        """
        ...


class Kube(Protocol):
    """Single objects of the API. Every call raises an `ApiError` when it does not succeed."""

    async def get(self, resource: Resource, name: str) -> Raw:
        """Return one object."""
        ...

    async def create(self, resource: Resource, manifest: Mapping[str, Any]) -> Raw:
        """Create an object and return it."""
        ...

    async def merge(
        self, resource: Resource, name: str, change: Mapping[str, Any], *, subresource: str = ""
    ) -> Raw:
        """Patch an object (JSON merge patch) and return it.

        With `metadata.resourceVersion` in the change it is a ConflictError if that is an old one.
        """
        ...

    async def patch(
        self, resource: Resource, name: str, operations: Sequence[Mapping[str, Any]]
    ) -> Raw:
        """Patch an object (JSON patch) and return it; see `patch_metadata`."""
        ...

    async def patch_metadata(
        self, resource: Resource, name: str, operations: Sequence[Mapping[str, Any]]
    ) -> Raw:
        """Patch an object (JSON patch) and return its metadata alone.

        A `test` that does not hold is a ConflictError.
        """
        ...

    async def apply(self, resource: Resource, name: str, manifest: Mapping[str, Any]) -> Raw:
        """Apply a manifest on the server's side, with our field manager and by force."""
        ...

    async def pods_on(self, node: str) -> Sequence[Raw]:
        """Return all pods of a node as they are now, and not as some cache remembers them."""
        ...

    async def warnings_about(self, namespace: str, uid: str) -> Sequence[Raw]:
        """Return the Events of type Warning about one object."""
        ...

    async def evict(self, namespace: str, name: str, *, uid: str) -> None:
        """Ask for a pod to be deleted within its PodDisruptionBudgets.

        It is a BudgetError if one of them does not allow it now, a ConflictError if the pod of that
        name is another one.
        """
        ...

    async def delete(
        self, resource: Resource, name: str, *, uid: str, resource_version: str = ""
    ) -> None:
        """Delete an object if it still is the one that was looked at."""
        ...
