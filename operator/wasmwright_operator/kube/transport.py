"""Requests to the API server: credentials, time limits, one token bucket, typed errors."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from kubernetes.aio.client import ApiClient, Configuration

from wasmwright_operator import names
from wasmwright_operator.kube.bucket import TokenBucket
from wasmwright_operator.kube.errors import ThrottledError, UnavailableError
from wasmwright_operator.kube.failure import failure, is_failure
from wasmwright_operator.kube.login import authorization
from wasmwright_operator.metrics import Metrics

JSON: Final = "application/json"
QUICK: Final = aiohttp.ClientTimeout(total=30, connect=5)
"""For a request that is answered at once."""
BROKEN: Final = (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError)
"""What a connection that is of no use any more raises."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for."""

    method: str
    path: str
    body: object = None
    content: str = JSON
    accept: str = JSON


class Transport:
    """One pool of connections to the API server."""

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

    async def ask(self, request: Request, limits: aiohttp.ClientTimeout = QUICK) -> bytes:
        """Return the body of an answer with success. Raises an `ApiError` otherwise."""
        response = await self.open(request, limits)
        try:
            body: bytes = await response.read()
        except BROKEN as error:
            raise broken(request, error) from error
        return body

    async def open(self, request: Request, limits: aiohttp.ClientTimeout) -> aiohttp.ClientResponse:
        """Return an answer with success; the caller reads its body and closes it."""
        await self._bucket.take()
        try:
            response = await self._send(request, limits)
            text = await response.read() if is_failure(response.status) else b""
        except BROKEN as error:
            self._count(request, "none")
            raise broken(request, error) from error
        self._count(request, str(response.status))
        if is_failure(response.status):
            self._refuse(request, response, text)
        return response

    async def _send(
        self, request: Request, limits: aiohttp.ClientTimeout
    ) -> aiohttp.ClientResponse:
        headers = {
            "Accept": request.accept,
            "Accept-Encoding": "identity",  # packing costs the API server more than it saves
            "Content-Type": request.content,
            "User-Agent": names.FIELD_MANAGER,
        }
        credentials = await authorization(self._configuration)
        if credentials:
            headers["Authorization"] = credentials
        url = f"{self._configuration.host}{request.path}"
        answer = await self._client.rest_client.request(
            request.method, url, headers=headers, body=request.body, _request_timeout=limits
        )
        response: aiohttp.ClientResponse = answer.response
        return response

    def _refuse(self, request: Request, response: aiohttp.ClientResponse, text: bytes) -> None:
        error = failure(request.method, request.path, response.status, text, response.headers)
        if isinstance(error, ThrottledError):
            self._bucket.pause(error.retry_after or 0.0)
        raise error

    def _count(self, request: Request, code: str) -> None:
        self._metrics.requests.labels(request.method, _plural(request.path), code).inc()


def broken(request: Request, error: Exception) -> UnavailableError:
    """Return the error for a connection that broke."""
    what = f"{request.method} {request.path}: {type(error).__name__} {error}"
    return UnavailableError(what.strip())


def _plural(path: str) -> str:
    """Return the resource in a path of ours: `/apis/batch/v1/namespaces/x/jobs/y` -> `jobs`."""
    parts = path.partition("?")[0].strip("/").split("/")
    parts = parts[2:] if parts[0] == "api" else parts[3:]
    return parts[2] if parts[0] == "namespaces" else parts[0]
