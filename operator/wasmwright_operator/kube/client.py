"""The adapter from our port to `kubernetes.aio`: raw JSON, one token bucket, typed errors."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio.client import ApiClient, Configuration

from wasmwright_operator import names
from wasmwright_operator.kube.bucket import TokenBucket
from wasmwright_operator.kube.errors import (
    ApiError,
    ConflictError,
    ExistsError,
    NotFoundError,
    RefusedError,
    ThrottledError,
    UnavailableError,
)
from wasmwright_operator.kube.login import authorization
from wasmwright_operator.kube.port import Page, Raw, Resource
from wasmwright_operator.metrics import Metrics

_CHUNK: Final = 500
_TIMEOUT: Final = aiohttp.ClientTimeout(total=30, connect=5)
_METADATA_ONLY: Final = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
_MERGE: Final = "application/merge-patch+json"
_JSON_PATCH: Final = "application/json-patch+json"
_APPLY: Final = "application/apply-patch+yaml"
_DEFAULT_RETRY_AFTER: Final = 1.0


class KubeClient:
    """The real API server, as a `Kube`."""

    def __init__(
        self, configuration: Configuration, bucket: TokenBucket, metrics: Metrics | None = None
    ) -> None:
        self._metrics = metrics or Metrics()
        self._configuration = configuration
        self._client: Any = ApiClient(configuration)  # an untyped library
        self._bucket = bucket

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def list(self, resource: Resource, *, selector: str = "") -> AsyncIterator[Page]:
        """See `Kube.list`."""
        query = {"limit": str(_CHUNK)}
        if selector:
            query["labelSelector"] = selector
        while True:
            answer = await self._request("GET", f"{resource.path()}?{urlencode(query)}")
            metadata = answer["metadata"]
            yield Page(answer.get("items") or (), metadata["resourceVersion"])
            if not metadata.get("continue"):
                return
            query["continue"] = metadata["continue"]

    async def get(self, resource: Resource, name: str) -> Raw:
        """See `Kube.get`."""
        return await self._request("GET", resource.path(name))

    async def create(self, resource: Resource, manifest: Mapping[str, Any]) -> Raw:
        """See `Kube.create`."""
        return await self._request("POST", _managed(resource.path()), body=manifest)

    async def merge(
        self, resource: Resource, name: str, change: Mapping[str, Any], *, subresource: str = ""
    ) -> Raw:
        """See `Kube.merge`."""
        path = _managed(resource.path(name, subresource))
        return await self._request("PATCH", path, body=change, content=_MERGE)

    async def patch_metadata(
        self, resource: Resource, name: str, operations: Sequence[Mapping[str, Any]]
    ) -> Raw:
        """See `Kube.patch_metadata`."""
        return await self._request(
            "PATCH",
            _managed(resource.path(name)),
            body=list(operations),
            content=_JSON_PATCH,
            accept=_METADATA_ONLY,
        )

    async def apply(self, resource: Resource, name: str, manifest: Mapping[str, Any]) -> Raw:
        """See `Kube.apply`."""
        path = _managed(resource.path(name), force="true")
        return await self._request("PATCH", path, body=manifest, content=_APPLY)

    async def delete(
        self, resource: Resource, name: str, *, uid: str, resource_version: str = ""
    ) -> None:
        """See `Kube.delete`."""
        preconditions = {"uid": uid}
        if resource_version:
            preconditions["resourceVersion"] = resource_version
        body = {"preconditions": preconditions, "propagationPolicy": "Background"}
        await self._request("DELETE", resource.path(name), body=body)

    async def _request(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        content: str = "application/json",
        accept: str = "application/json",
    ) -> Raw:
        await self._bucket.take()
        headers = {"Accept": accept, "Content-Type": content, "User-Agent": names.FIELD_MANAGER}
        credentials = await authorization(self._configuration)
        if credentials:
            headers["Authorization"] = credentials
        url = f"{self._configuration.host}{path}"
        try:
            response = await self._client.rest_client.request(
                method, url, headers=headers, body=body, _request_timeout=_TIMEOUT
            )
            text = await response.read()
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError) as error:
            self._count(method, path, "none")
            raise UnavailableError(f"{method} {path}: {type(error).__name__} {error}") from error
        self._count(method, path, str(response.status))
        if response.status >= 400:  # noqa: PLR2004 - HTTP
            raise self._failure(method, path, response.status, text, response.headers)
        answer: Raw = json.loads(text)
        return answer

    def _count(self, method: str, path: str, code: str) -> None:
        self._metrics.requests.labels(method, _plural(path), code).inc()

    def _failure(
        self, method: str, path: str, status: int, text: bytes, headers: Mapping[str, str]
    ) -> ApiError:
        error = _error(method, path, status, text, headers)
        if isinstance(error, ThrottledError):
            self._bucket.pause(error.retry_after or _DEFAULT_RETRY_AFTER)
        return error


def _plural(path: str) -> str:
    """Return the resource in a path of ours: `/apis/batch/v1/namespaces/x/jobs/y` -> `jobs`."""
    parts = path.partition("?")[0].strip("/").split("/")
    parts = parts[2:] if parts[0] == "api" else parts[3:]
    return parts[2] if parts[0] == "namespaces" else parts[0]


def _managed(path: str, **query: str) -> str:
    return f"{path}?{urlencode({'fieldManager': names.FIELD_MANAGER, **query})}"


def _error(
    method: str, path: str, status: int, text: bytes, headers: Mapping[str, str]
) -> ApiError:
    reason, said = _reason_and_message(text)
    message = f"{method} {path}: HTTP {status} {reason}: {said}"
    if status == 429:  # noqa: PLR2004 - HTTP
        return ThrottledError(message, _retry_after(headers))
    if status >= 500 or status == 401:  # noqa: PLR2004 - a token may have been rotated just now
        return UnavailableError(message)
    if reason == "AlreadyExists":
        return ExistsError(message)
    if status == 409 or _is_failed_test(method, status, said):  # noqa: PLR2004 - HTTP
        return ConflictError(message)
    if status in {404, 410}:
        return NotFoundError(message)
    return RefusedError(message)


def _is_failed_test(method: str, status: int, said: str) -> bool:
    """A JSON patch that cannot be applied to the object as it is now says so with 422."""
    return method == "PATCH" and status == 422 and "the server rejected our request" in said  # noqa: PLR2004


def _reason_and_message(text: bytes) -> tuple[str, str]:
    try:
        answer = json.loads(text)
        return answer.get("reason", ""), answer.get("message", "")
    except (ValueError, AttributeError):
        return "", text[:200].decode(errors="replace")


def _retry_after(headers: Mapping[str, str]) -> float:
    try:
        return float(headers.get("Retry-After", _DEFAULT_RETRY_AFTER))
    except ValueError:
        return _DEFAULT_RETRY_AFTER
