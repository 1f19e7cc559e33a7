"""The adapter of `Source`: lists in parts of bounded size, and watches line by line."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
from pydantic_core import from_json

from wasmwright_operator.kube.errors import UnavailableError
from wasmwright_operator.kube.failure import failure_in_stream
from wasmwright_operator.kube.port import Change, ChangeType, Page, Raw, Resource
from wasmwright_operator.kube.transport import BROKEN, Request, Transport, broken

_FIRST_PAGE: Final = 50
_SMALLEST_PAGE: Final = 10
_LARGEST_PAGE: Final = 1000
_PAGE_BYTES: Final = 2_000_000
"""What a part of a list is to weigh; decoded it weighs four times as much."""
_LISTING: Final = aiohttp.ClientTimeout(total=60, connect=5)
_SILENCE: Final = 90.0
"""Seconds without a byte after which a watch is dead: bookmarks come every minute."""
_SHORTEST_WATCH: Final = 300
"""Seconds after which the API server ends a watch, so that watches spread over its replicas; the
longest takes twice as long."""
_ERROR: Final = "ERROR"


class ApiSource:
    """The real API server, as a `Source`."""

    def __init__(self, transport: Transport, silence: float = _SILENCE) -> None:
        self._transport = transport
        self._watching = aiohttp.ClientTimeout(connect=5, sock_connect=5, sock_read=silence)

    async def list(self, resource: Resource, *, selector: str = "") -> AsyncIterator[Page]:
        """See `Source.list`. The parts grow until one is as heavy as it may be."""
        query = _selecting(selector) | {"limit": str(_FIRST_PAGE)}
        while True:
            text = await self._transport.ask(_get(resource, query), _LISTING)
            answer: Raw = from_json(text)
            items, metadata = answer.get("items") or (), answer["metadata"]
            limit = _next_limit(len(items), len(text))
            del text, answer
            yield Page(items, metadata["resourceVersion"])
            if not metadata.get("continue"):
                return
            del items
            query |= {"limit": str(limit), "continue": metadata["continue"]}

    @asynccontextmanager
    async def watch(
        self, resource: Resource, *, selector: str = "", version: str
    ) -> AsyncIterator[AsyncIterator[Change]]:
        """See `Source.watch`."""
        seconds = random.randint(_SHORTEST_WATCH, 2 * _SHORTEST_WATCH)  # noqa: S311 - no secret
        query = _selecting(selector) | {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(seconds),
        }
        request = _get(resource, query)
        response = await self._transport.open(request, self._watching)
        try:
            yield _changes(response, request)
        finally:
            response.close()


def _selecting(selector: str) -> dict[str, str]:
    return {"labelSelector": selector} if selector else {}


def _get(resource: Resource, query: dict[str, str]) -> Request:
    return Request("GET", f"{resource.path()}?{urlencode(query)}")


def _next_limit(items: int, size: int) -> int:
    fitting = _PAGE_BYTES * items // size if items else _FIRST_PAGE
    return max(_SMALLEST_PAGE, min(fitting, _LARGEST_PAGE))


async def _changes(response: aiohttp.ClientResponse, request: Request) -> AsyncIterator[Change]:
    try:
        async for line in _lines(response.content):
            yield _change(line, request)
    except BROKEN as error:
        raise broken(request, error) from error


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Yield whole lines; what stands behind the last line break was cut off."""
    rest = b""
    async for data in content.iter_any():
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            if line:
                yield line


def _change(line: bytes, request: Request) -> Change:
    try:
        event: dict[str, Any] = from_json(line)
        kind, raw = event["type"], event["object"]
        if kind != _ERROR:
            return Change(ChangeType(kind), raw)
    except (ValueError, KeyError, TypeError) as error:
        told = line[:200].decode(errors="replace")
        raise UnavailableError(f"{request.path}: no event of a watch: {told}") from error
    raise failure_in_stream(request.path, raw)
