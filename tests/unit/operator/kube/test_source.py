"""Lists and watches against a small HTTP server that answers in pieces."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from kubernetes.aio.client import Configuration

from wasmwright_operator.kube.bucket import TokenBucket
from wasmwright_operator.kube.errors import (
    ApiError,
    ExpiredError,
    RefusedError,
    ThrottledError,
    UnavailableError,
)
from wasmwright_operator.kube.port import JOBS, NODES, Change, ChangeType
from wasmwright_operator.kube.source import ApiSource
from wasmwright_operator.kube.transport import Transport

SILENCE = 0.2
HANG, BREAK = "hang", "break"
"""What the server does with a connection instead of ending it."""


class Server:
    """Answers each request with the next pieces, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, list[bytes | str]]] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.left = asyncio.Event()
        """Set when a client has gone while it could have had more."""

    def answer(self, *pieces: bytes | str, status: int = 200) -> None:
        self.answers.append((status, list(pieces)))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        query = {key: values[0] for key, values in parse_qs(request.query_string).items()}
        self.asked.append((request.path, query))
        status, pieces = self.answers.pop(0)
        response = web.StreamResponse(status=status, headers={"Retry-After": "7"})
        await response.prepare(request)
        for piece in pieces:
            if piece == HANG:
                await self._hang(request)
            if piece == BREAK:
                assert request.transport is not None
                request.transport.abort()
                return response
            assert isinstance(piece, bytes)
            await response.write(piece)
            await asyncio.sleep(0.01)
        await response.write_eof()
        return response

    async def _hang(self, request: web.Request) -> None:
        while request.transport is not None:  # noqa: ASYNC110 - nobody else can say so
            await asyncio.sleep(0.01)
        self.left.set()


@pytest.fixture
async def server() -> Server:
    return Server()


@pytest.fixture
async def source(server: Server) -> AsyncIterator[ApiSource]:
    app = web.Application()
    app.router.add_get("/{path:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    async with AsyncExitStack() as stack:
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        configuration = Configuration(host=f"http://127.0.0.1:{runner.addresses[0][1]}")
        bucket = TokenBucket(1000, 1000, clock=asyncio.get_running_loop().time)
        transport = Transport(configuration, bucket)
        stack.push_async_callback(transport.close)
        yield ApiSource(transport, silence=SILENCE)


def page(version: int, items: Iterable[Any], *, more: str = "") -> bytes:
    metadata = {"resourceVersion": str(version), "continue": more}
    return json.dumps({"metadata": metadata, "items": list(items)}).encode()


def event(kind: str, name: str, version: int, **more: Any) -> bytes:
    metadata = {"name": name, "resourceVersion": str(version), **more}
    return json.dumps({"type": kind, "object": {"metadata": metadata}}).encode() + b"\n"


def status(code: int, reason: str, **more: Any) -> bytes:
    told = {"kind": "Status", "code": code, "reason": reason, "message": "said", **more}
    return json.dumps({"type": "ERROR", "object": told}).encode() + b"\n"


async def follow(source: ApiSource, into: list[Change]) -> None:
    async with source.watch(NODES, version="5") as changes:
        async for change in changes:
            into.append(change)  # noqa: PERF401 - what came before an error counts


async def names_of(source: ApiSource) -> list[str]:
    found: list[Change] = []
    await follow(source, found)
    return [change.raw["metadata"]["name"] for change in found]


async def test_list__of_many__follows_the_parts(server: Server, source: ApiSource) -> None:
    server.answer(page(5, [1, 2], more="rest"))
    server.answer(page(5, []))

    pages = [part async for part in source.list(JOBS.in_namespace("ns"), selector="a=b")]

    assert [list(part.items) for part in pages] == [[1, 2], []]
    assert [part.resource_version for part in pages] == ["5", "5"]
    (path, first), (_, second) = server.asked
    assert path == "/apis/batch/v1/namespaces/ns/jobs"
    assert first == {"limit": "50", "labelSelector": "a=b"}
    assert second == {"limit": "1000", "labelSelector": "a=b", "continue": "rest"}


@pytest.mark.parametrize(
    ("size", "limit"), [(20, 1000), (4_000, 499), (100_000, 19), (400_000, 10)]
)
async def test_list__parts__hold_as_many_objects_as_weigh_two_megabytes(
    server: Server, source: ApiSource, size: int, limit: int
) -> None:
    server.answer(page(5, ["x" * size] * 20, more="rest"))
    server.answer(page(5, []))

    assert len([part async for part in source.list(NODES)]) == 2

    assert int(server.asked[1][1]["limit"]) == limit


async def test_list__whose_rest_was_forgotten__is_expired(
    server: Server, source: ApiSource
) -> None:
    server.answer(page(5, [1], more="rest"))
    server.answer(b'{"reason": "Expired", "message": "too old"}', status=410)

    with pytest.raises(ExpiredError, match="too old"):
        async for _ in source.list(NODES):
            pass


async def test_watch__asks_for_bookmarks_and_an_end(server: Server, source: ApiSource) -> None:
    server.answer()

    assert await names_of(source) == []

    path, query = server.asked[0]
    assert path == "/api/v1/nodes"
    assert 300 <= int(query.pop("timeoutSeconds")) <= 600
    assert query == {"watch": "1", "allowWatchBookmarks": "true", "resourceVersion": "5"}


async def test_watch__events_cut_anywhere__are_put_together(
    server: Server, source: ApiSource
) -> None:
    text = event("ADDED", "a", 6) + event("BOOKMARK", "", 7) + event("DELETED", "bé", 8)
    server.answer(*(text[start : start + 13] for start in range(0, len(text), 13)))

    found: list[Change] = []
    await follow(source, found)

    assert [change.type for change in found] == [
        ChangeType.ADDED,
        ChangeType.BOOKMARK,
        ChangeType.DELETED,
    ]
    assert found[2].raw["metadata"] == {"name": "bé", "resourceVersion": "8"}


async def test_watch__event_of_a_megabyte__is_read(server: Server, source: ApiSource) -> None:
    text = event("ADDED", "a", 6, annotations={"large": "x" * 1_000_000})
    server.answer(*(text[start : start + 100_000] for start in range(0, len(text), 100_000)))

    assert await names_of(source) == ["a"]


async def test_watch__that_ends_within_an_event__leaves_it_out(
    server: Server, source: ApiSource
) -> None:
    server.answer(event("ADDED", "a", 6), event("ADDED", "b", 7)[:-9])

    assert await names_of(source) == ["a"]


@pytest.mark.parametrize(
    ("last", "error"),
    [
        (status(410, "Expired"), ExpiredError),
        (status(429, "TooManyRequests", details={"retryAfterSeconds": 9}), ThrottledError),
        (status(500, "InternalError"), UnavailableError),
        (status(504, "Timeout"), UnavailableError),
        (status(400, "BadRequest"), RefusedError),
        (b"<html>\n", UnavailableError),
        (b'{"type": "NEWS", "object": {}}\n', UnavailableError),
        (b"[]\n", UnavailableError),
        (BREAK, UnavailableError),
        (HANG, UnavailableError),
    ],
    ids=str,
)
async def test_watch__that_goes_wrong__raises_after_what_came_before(
    server: Server, source: ApiSource, last: bytes | str, error: type[ApiError]
) -> None:
    server.answer(event("ADDED", "a", 6), last)

    found: list[Change] = []
    with pytest.raises(ApiError) as raised:
        await follow(source, found)

    assert type(raised.value) is error
    assert "/api/v1/nodes" in str(raised.value)
    assert len(found) == 1


async def test_watch__throttled_in_the_stream__says_for_how_long(
    server: Server, source: ApiSource
) -> None:
    server.answer(status(429, "TooManyRequests", details={"retryAfterSeconds": 9}))

    with pytest.raises(ThrottledError) as raised:
        await names_of(source)

    assert raised.value.retry_after == 9


@pytest.mark.parametrize(
    ("code", "error"), [(410, ExpiredError), (429, ThrottledError), (503, UnavailableError)]
)
async def test_watch__refused__raises_what_the_answer_says(
    server: Server, source: ApiSource, code: int, error: type[ApiError]
) -> None:
    server.answer(b"{}", status=code)

    with pytest.raises(error):
        await names_of(source)


async def test_watch__left_by_its_reader__hangs_up(server: Server, source: ApiSource) -> None:
    server.answer(event("ADDED", "a", 6), HANG)

    async with source.watch(NODES, version="5") as changes:
        await anext(changes)

    async with asyncio.timeout(2):
        await server.left.wait()
