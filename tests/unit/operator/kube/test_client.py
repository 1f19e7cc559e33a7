"""The adapters against a small HTTP server: what they send, and what they make of answers."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from kubernetes.aio.client import Configuration

from wasmwright_operator.kube.bucket import TokenBucket
from wasmwright_operator.kube.client import KubeClient
from wasmwright_operator.kube.errors import (
    ApiError,
    BudgetError,
    ConflictError,
    ExistsError,
    ExpiredError,
    NotFoundError,
    RefusedError,
    ThrottledError,
    UnavailableError,
)
from wasmwright_operator.kube.port import NODES, RUNTIME_CLASSES, WASM_NODES
from wasmwright_operator.kube.transport import Transport


class Server:
    """Answers what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any, dict[str, str]]] = []
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []

    def answer(self, body: Any, status: int = 200, **headers: str) -> None:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        self.answers.append((status, body, named))

    async def handle(self, request: web.Request) -> web.Response:
        text = await request.text()
        body = json.loads(text) if text else None
        self.asked.append((request.method, request.path_qs, dict(request.headers), body))
        status, answer, headers = self.answers.pop(0)
        if isinstance(answer, str):
            return web.Response(status=status, text=answer, headers=headers)
        return web.json_response(answer, status=status, headers=headers)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"  # type: ignore[attr-defined]
    yield server
    await runner.cleanup()


@pytest.fixture
async def bucket() -> TokenBucket:
    return TokenBucket(1000, 1000, clock=asyncio.get_running_loop().time)


@pytest.fixture
async def kube(server: Server, bucket: TokenBucket) -> AsyncIterator[KubeClient]:
    configuration = Configuration(host=server.url)  # type: ignore[attr-defined]
    configuration.api_key["BearerToken"] = "bearer secret"
    transport = Transport(configuration, bucket)
    yield KubeClient(transport)
    await transport.close()


async def test_get__sends_the_token_and_returns_the_object(
    server: Server, kube: KubeClient
) -> None:
    server.answer({"kind": "Node"})

    assert await kube.get(NODES, "n1") == {"kind": "Node"}
    method, path, headers, _ = server.asked[0]
    assert (method, path) == ("GET", "/api/v1/nodes/n1")
    assert headers["Authorization"] == "bearer secret"
    assert headers["User-Agent"] == "wasmwright"


@pytest.mark.parametrize(
    ("call", "method", "path", "content"),
    [
        (lambda k: k.create(WASM_NODES, {"a": 1}), "POST", "wasmnodes?", "application/json"),
        (
            lambda k: k.merge(WASM_NODES, "n", {"a": 1}, subresource="status"),
            "PATCH",
            "wasmnodes/n/status?",
            "application/merge-patch+json",
        ),
        (
            lambda k: k.patch_metadata(NODES, "n", [{"op": "test"}]),
            "PATCH",
            "nodes/n?",
            "application/json-patch+json",
        ),
        (
            lambda k: k.apply(RUNTIME_CLASSES, "r", {"a": 1}),
            "PATCH",
            "runtimeclasses/r?",
            "application/apply-patch+yaml",
        ),
    ],
    ids=["create", "merge", "json-patch", "apply"],
)
async def test_write__is_sent_as(
    server: Server, kube: KubeClient, call: Any, method: str, path: str, content: str
) -> None:
    server.answer({"metadata": {}})

    await call(kube)

    asked_method, asked_path, headers, body = server.asked[0]
    assert asked_method == method
    assert path in asked_path
    assert "fieldManager=wasmwright" in asked_path
    assert ("force=true" in asked_path) == (path.startswith("runtimeclasses"))
    assert headers["Content-Type"] == content
    assert ("PartialObjectMetadata" in headers["Accept"]) == (path == "nodes/n?")
    assert body in ({"a": 1}, [{"op": "test"}])


async def test_delete__names_the_object_that_was_looked_at(
    server: Server, kube: KubeClient
) -> None:
    server.answer({})

    await kube.delete(WASM_NODES, "n", uid="u", resource_version="7")

    assert server.asked[0][3] == {
        "preconditions": {"uid": "u", "resourceVersion": "7"},
        "propagationPolicy": "Background",
    }


@pytest.mark.parametrize(
    ("status", "reason", "message", "error"),
    [
        (409, "AlreadyExists", "", ExistsError),
        (409, "Conflict", "", ConflictError),
        (422, "Invalid", "the server rejected our request due to an error", ConflictError),
        (422, "Invalid", "spec.x: Invalid value", RefusedError),
        (404, "NotFound", "", NotFoundError),
        (410, "Expired", "", ExpiredError),
        (403, "Forbidden", "exceeded quota", RefusedError),
        (400, "BadRequest", "", RefusedError),
        (401, "Unauthorized", "", UnavailableError),
        (500, "InternalError", "", UnavailableError),
        (503, "ServiceUnavailable", "", UnavailableError),
    ],
)
async def test_answer__without_success__is_an_error_of_ours(
    server: Server,
    kube: KubeClient,
    status: int,
    reason: str,
    message: str,
    error: type[ApiError],
) -> None:
    server.answer({"reason": reason, "message": message}, status)

    with pytest.raises(ApiError) as raised:
        await kube.patch_metadata(NODES, "n1", [])

    assert type(raised.value) is error
    assert f"PATCH /api/v1/nodes/n1?fieldManager=wasmwright: HTTP {status} {reason}" in str(
        raised.value
    )


async def test_answer__that_is_no_json__is_shown(server: Server, kube: KubeClient) -> None:
    server.answer("bad gateway", 502)

    with pytest.raises(UnavailableError, match="bad gateway"):
        await kube.get(NODES, "n1")


async def test_pods_on__asks_for_one_node_and_for_no_cached_answer(
    server: Server, kube: KubeClient
) -> None:
    server.answer({"items": [{"n": 1}], "metadata": {"resourceVersion": "5", "continue": "more"}})
    server.answer({"items": [{"n": 2}], "metadata": {"resourceVersion": "5"}})

    assert await kube.pods_on("n1.example") == [{"n": 1}, {"n": 2}]

    where = "/api/v1/pods?limit=500&fieldSelector=spec.nodeName%3Dn1.example"
    assert [path for _, path, *_ in server.asked] == [where, f"{where}&continue=more"]


async def test_warnings_about__asks_for_one_object_only(server: Server, kube: KubeClient) -> None:
    server.answer({"items": [{"n": 1}], "metadata": {}})

    assert await kube.warnings_about("system", "u-1") == [{"n": 1}]

    selector = "fieldSelector=involvedObject.uid%3Du-1,type%3DWarning"
    where = f"/api/v1/namespaces/system/events?limit=500&{selector}"
    assert [path for _, path, *_ in server.asked] == [where]


async def test_evict__names_the_pod_that_was_looked_at(server: Server, kube: KubeClient) -> None:
    server.answer({"status": "Success"}, status=201)

    await kube.evict("shop", "web-1", uid="u-1")

    method, path, _headers, body = server.asked[0]
    assert (method, path) == ("POST", "/api/v1/namespaces/shop/pods/web-1/eviction")
    assert (body["kind"], body["metadata"]) == (
        "Eviction",
        {"name": "web-1", "namespace": "shop"},
    )
    assert body["deleteOptions"] == {"preconditions": {"uid": "u-1"}}


async def test_evict__that_a_budget_forbids__is_said_in_its_words__and_stops_nothing_else(
    server: Server, kube: KubeClient, bucket: TokenBucket
) -> None:
    said = "The disruption budget guard needs 2 healthy pods and has 2 currently"
    cause = {"reason": "DisruptionBudget", "message": said}
    answer = {"reason": "TooManyRequests", "message": "m", "details": {"causes": [cause]}}
    server.answer(answer, status=429, Retry_After="10")

    with pytest.raises(BudgetError, match=f"^{said}$"):
        await kube.evict("shop", "web-1", uid="u-1")

    async with asyncio.timeout(1):
        await bucket.take()


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("soon", 1), (None, 1)])
async def test_throttled__tells_when_and_stops_the_bucket(
    server: Server,
    kube: KubeClient,
    bucket: TokenBucket,
    monkeypatch: pytest.MonkeyPatch,
    header: str | None,
    seconds: float,
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(bucket, "pause", pauses.append)
    server.answer({"reason": "TooManyRequests"}, 429, **({"Retry_After": header} if header else {}))

    with pytest.raises(ThrottledError) as raised:
        await kube.get(NODES, "n1")

    assert raised.value.retry_after == seconds
    assert pauses == [seconds]


async def test_server__that_is_not_there__is_unavailable(bucket: TokenBucket) -> None:
    transport = Transport(Configuration(host="http://127.0.0.1:1"), bucket)

    with pytest.raises(UnavailableError, match="GET /api/v1/nodes/n1"):
        await KubeClient(transport).get(NODES, "n1")

    await transport.close()
