"""The adapter of `Kube`: which request each call is."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from pydantic_core import from_json

from wasmwright_operator import names
from wasmwright_operator.kube.port import EVENTS, PODS, Raw, Resource
from wasmwright_operator.kube.transport import JSON, Request, Transport

_CHUNK: Final = 500
_METADATA_ONLY: Final = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
_MERGE: Final = "application/merge-patch+json"
_JSON_PATCH: Final = "application/json-patch+json"
_APPLY: Final = "application/apply-patch+yaml"


class KubeClient:
    """The real API server, as a `Kube`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def get(self, resource: Resource, name: str) -> Raw:
        """See `Kube.get`."""
        return await self._ask("GET", resource.path(name))

    async def create(self, resource: Resource, manifest: Mapping[str, Any]) -> Raw:
        """See `Kube.create`."""
        return await self._ask("POST", _managed(resource.path()), manifest)

    async def merge(
        self, resource: Resource, name: str, change: Mapping[str, Any], *, subresource: str = ""
    ) -> Raw:
        """See `Kube.merge`."""
        path = _managed(resource.path(name, subresource))
        return await self._ask("PATCH", path, change, content=_MERGE)

    async def patch(
        self, resource: Resource, name: str, operations: Sequence[Mapping[str, Any]]
    ) -> Raw:
        """See `Kube.patch`."""
        path = _managed(resource.path(name))
        return await self._ask("PATCH", path, list(operations), content=_JSON_PATCH)

    async def patch_metadata(
        self, resource: Resource, name: str, operations: Sequence[Mapping[str, Any]]
    ) -> Raw:
        """See `Kube.patch_metadata`."""
        path, body = _managed(resource.path(name)), list(operations)
        return await self._ask("PATCH", path, body, content=_JSON_PATCH, accept=_METADATA_ONLY)

    async def apply(self, resource: Resource, name: str, manifest: Mapping[str, Any]) -> Raw:
        """See `Kube.apply`."""
        path = _managed(resource.path(name), force="true")
        return await self._ask("PATCH", path, manifest, content=_APPLY)

    async def pods_on(self, node: str) -> Sequence[Raw]:
        """See `Kube.pods_on`. Without a resourceVersion the answer is not from an old cache."""
        query = {"limit": str(_CHUNK), "fieldSelector": f"spec.nodeName={node}"}
        found: list[Raw] = []
        while True:
            answer = await self._ask("GET", f"{PODS.path()}?{urlencode(query)}")
            found += answer.get("items") or ()
            if not answer["metadata"].get("continue"):
                return found
            query["continue"] = answer["metadata"]["continue"]

    async def warnings_about(self, namespace: str, uid: str) -> Sequence[Raw]:
        """See `Kube.warnings_about`."""
        selector = f"involvedObject.uid={uid},type=Warning"
        query = urlencode({"limit": str(_CHUNK), "fieldSelector": selector})
        answer = await self._ask("GET", f"{EVENTS.in_namespace(namespace).path()}?{query}")
        found: list[Raw] = answer.get("items") or []
        return found

    async def evict(self, namespace: str, name: str, *, uid: str) -> None:
        """See `Kube.evict`."""
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": name, "namespace": namespace},
            "deleteOptions": {"preconditions": {"uid": uid}},
        }
        await self._ask("POST", PODS.in_namespace(namespace).path(name, "eviction"), body)

    async def delete(
        self, resource: Resource, name: str, *, uid: str, resource_version: str = ""
    ) -> None:
        """See `Kube.delete`."""
        preconditions = {"uid": uid}
        if resource_version:
            preconditions["resourceVersion"] = resource_version
        body = {"preconditions": preconditions, "propagationPolicy": "Background"}
        await self._ask("DELETE", resource.path(name), body)

    async def _ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content: str = JSON,
        accept: str = JSON,
    ) -> Raw:
        request = Request(method, path, body, content, accept)
        answer: Raw = from_json(await self._transport.ask(request))
        return answer


def _managed(path: str, **query: str) -> str:
    return f"{path}?{urlencode({'fieldManager': names.FIELD_MANAGER, **query})}"
