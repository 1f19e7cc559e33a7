"""An API server in memory, with the behaviour that our writes rely on."""

import copy
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from unit.operator import given
from wasmwright_operator.conditions import rfc3339
from wasmwright_operator.kube.errors import (
    ApiError,
    BudgetError,
    ConflictError,
    ExistsError,
    NotFoundError,
)
from wasmwright_operator.kube.port import Page, Raw, Resource

if TYPE_CHECKING:
    from datetime import datetime

Key = tuple[str, str]


class FakeKube:
    """Objects by (plural, name); every change is also kept as an event for watches."""

    def __init__(self) -> None:
        self.objects: dict[Key, Raw] = {}
        self.events: deque[tuple[str, str, Raw]] = deque()
        self.requests: list[tuple[str, str, str]] = []
        self.errors: dict[tuple[str, str], deque[ApiError]] = {}
        self.budgets: dict[str, str] = {}
        """Pods that may not be evicted, with what their budget says."""
        self.clock: Callable[[], datetime] = lambda: given.NOW
        self.on_event: Callable[[], object] = lambda: None
        self._version = 100
        self._uids = 0

    def put(self, plural: str, raw: Raw) -> Raw:
        """Change an object from outside, as a person or another controller would."""
        raw = copy.deepcopy(raw)
        metadata = raw["metadata"]
        old = self.objects.get((plural, metadata["name"]))
        if "uid" not in metadata:
            self._uids += 1
            metadata["uid"] = old["metadata"]["uid"] if old else f"uid-{self._uids}"
        metadata.setdefault("creationTimestamp", rfc3339(self.clock()))
        if old is None or old.get("spec") != raw.get("spec"):
            metadata["generation"] = (old or raw)["metadata"].get("generation", 0) + 1
        self._version += 1
        metadata["resourceVersion"] = str(self._version)
        self.objects[plural, metadata["name"]] = raw
        self._tell("ADDED" if old is None else "MODIFIED", plural, raw)
        return copy.deepcopy(raw)

    def drop(self, plural: str, name: str) -> None:
        """Delete an object; one with finalizers stays until they are gone."""
        raw = self.objects[plural, name]
        if raw["metadata"].get("finalizers"):
            raw["metadata"]["deletionTimestamp"] = "2026-05-04T12:00:00Z"
            self.put(plural, raw)
            return
        del self.objects[plural, name]
        self._version += 1
        raw["metadata"]["resourceVersion"] = str(self._version)
        self._tell("DELETED", plural, raw)
        owned = [
            key
            for key, item in self.objects.items()
            if any(
                owner["uid"] == raw["metadata"]["uid"]
                for owner in item["metadata"].get("ownerReferences", ())
            )
        ]
        for key in owned:
            if key in self.objects:
                self.drop(*key)

    def _tell(self, kind: str, plural: str, raw: Raw) -> None:
        self.events.append((kind, plural, copy.deepcopy(raw)))
        self.on_event()

    def written(self) -> list[tuple[str, str, str]]:
        """Return the requests that were no reads."""
        return [request for request in self.requests if request[0] not in {"get", "list"}]

    async def list(self, resource: Resource, *, selector: str = "") -> AsyncIterator[Page]:
        self._request("list", resource.plural, selector)
        found = [
            copy.deepcopy(v) for (plural, _), v in self.objects.items() if plural == resource.plural
        ]
        half = len(found) // 2
        for part in (found[:half], found[half:]):
            yield Page(part, str(self._version))

    async def get(self, resource: Resource, name: str) -> Raw:
        self._request("get", resource.plural, name)
        return copy.deepcopy(self._found(resource, name))

    async def create(self, resource: Resource, manifest: Mapping[str, Any]) -> Raw:
        raw = copy.deepcopy(dict(manifest))
        name = raw["metadata"].get("name") or f"{raw['metadata']['generateName']}{self._version}"
        raw["metadata"]["name"] = name
        self._request("create", resource.plural, name)
        if (resource.plural, name) in self.objects:
            raise ExistsError(name)
        return self.put(resource.plural, raw)

    async def merge(
        self, resource: Resource, name: str, change: Mapping[str, Any], *, subresource: str = ""
    ) -> Raw:
        self._request("merge", resource.plural, name)
        raw = copy.deepcopy(self._found(resource, name))
        expected = change.get("metadata", {}).get("resourceVersion")
        if expected not in {None, raw["metadata"]["resourceVersion"]}:
            raise ConflictError(f"{name}: {expected} is old")
        assert ("status" in change) == (subresource == "status")
        merged = merge(raw, change)
        gone = "deletionTimestamp" in merged["metadata"] and not merged["metadata"]["finalizers"]
        stored = self.put(resource.plural, merged)
        if gone:
            self.drop(resource.plural, name)
        return stored

    async def patch(
        self, resource: Resource, name: str, operations: Sequence[Mapping[str, Any]]
    ) -> Raw:
        self._request("patch", resource.plural, name)
        raw = copy.deepcopy(self._found(resource, name))
        for operation in operations:
            _patch(raw, operation)
        return self.put(resource.plural, raw)

    async def pods_on(self, node: str) -> Sequence[Raw]:
        self._request("list", "pods", node)
        pods = (raw for (plural, _), raw in self.objects.items() if plural == "pods")
        return [copy.deepcopy(raw) for raw in pods if raw.get("spec", {}).get("nodeName") == node]

    async def warnings_about(self, namespace: str, uid: str) -> Sequence[Raw]:
        self._request("list", "events", uid)
        found = [v for (plural, _), v in self.objects.items() if plural == "events"]
        about = [it for it in found if it["metadata"]["namespace"] == namespace]
        return [
            copy.deepcopy(it)
            for it in about
            if it["involvedObject"]["uid"] == uid and it["type"] == "Warning"
        ]

    async def evict(self, namespace: str, name: str, *, uid: str) -> None:
        self._request("evict", "pods", name)
        raw = self.objects.get(("pods", name))
        if raw is None or raw["metadata"]["namespace"] != namespace:
            raise NotFoundError(name)
        if raw["metadata"]["uid"] != uid:
            raise ConflictError(f"{name}: another pod")
        if name in self.budgets:
            raise BudgetError(self.budgets[name])
        raw["metadata"]["deletionTimestamp"] = rfc3339(self.clock())
        self.put("pods", raw)

    async def patch_metadata(
        self, resource: Resource, name: str, operations: Sequence[Mapping[str, Any]]
    ) -> Raw:
        self._request("patch", resource.plural, name)
        raw = copy.deepcopy(self._found(resource, name))
        for operation in operations:
            _patch(raw, operation)
        stored = self.put(resource.plural, raw)
        return {"kind": "PartialObjectMetadata", "metadata": stored["metadata"]}

    async def apply(self, resource: Resource, name: str, manifest: Mapping[str, Any]) -> Raw:
        self._request("apply", resource.plural, name)
        old = self.objects.get((resource.plural, name), {"metadata": {"name": name}})
        return self.put(resource.plural, merge(copy.deepcopy(old), manifest))

    async def delete(
        self, resource: Resource, name: str, *, uid: str, resource_version: str = ""
    ) -> None:
        self._request("delete", resource.plural, name)
        metadata = self._found(resource, name)["metadata"]
        if uid != metadata["uid"] or resource_version not in {"", metadata["resourceVersion"]}:
            raise ConflictError(f"{name}: not the one that was looked at")
        self.drop(resource.plural, name)

    def _found(self, resource: Resource, name: str) -> Raw:
        if (resource.plural, name) not in self.objects:
            raise NotFoundError(f"{resource.plural} {name}")
        return self.objects[resource.plural, name]

    def _request(self, verb: str, plural: str, name: str) -> None:
        self.requests.append((verb, plural, name))
        errors = self.errors.get((verb, plural))
        if errors:
            raise errors.popleft()


def merge(old: Any, change: Any) -> Any:
    """Return what a JSON merge patch makes of a value (RFC 7396)."""
    if not isinstance(change, Mapping):
        return copy.deepcopy(change)
    merged = dict(old) if isinstance(old, Mapping) else {}
    for key, value in change.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def _patch(raw: Raw, operation: Mapping[str, Any]) -> None:
    parts = [
        part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]
    ]
    parent: Any = raw
    for part in parts[:-1]:
        parent = _member(parent, part)
        if parent is None:
            raise ConflictError(f"no {part}")
    last = parts[-1]
    match operation["op"]:
        case "test":
            found = _member(parent, last)
            if (None if found == {} else found) != operation["value"]:
                raise ConflictError("test failed")
        case "add":
            parent[last] = operation["value"]
        case "remove":
            if _member(parent, last) is None:
                raise ConflictError(f"no {last}")
            del parent[int(last) if isinstance(parent, list) else last]


def _member(parent: Any, part: str) -> Any:
    if isinstance(parent, list):
        return parent[int(part)] if int(part) < len(parent) else None
    return parent.get(part)
