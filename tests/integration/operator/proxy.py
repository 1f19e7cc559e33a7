"""A proxy between one operator and the API server: it sees each request, and misbehaves on demand.

Each operator process gets a proxy of its own, so that two of them can be treated differently. What
happens to a request is decided by `Proxy.decide`; without it everything passes.
"""

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import yaml
from aiohttp import ClientSession, ClientTimeout, TCPConnector, web

from integration.operator.api import trust
from integration.operator.faults import Cut, Fault, Late, Lost, Refused, expired, status_object
from integration.operator.requests import Request, classify

_PASSED_ON: Final = ("Accept", "Authorization", "Content-Type", "User-Agent")
_PASSED_BACK: Final = ("Content-Type", "Retry-After", "Warning")
_FAREWELL: Final = 0.1
"""Seconds for the end of connections to the API server, which takes some rounds of the loop."""
_PATIENCE: Final = 30
"""Seconds that the end of a proxy may take."""
_NO_LIMIT: Final = ClientTimeout(total=None, connect=10)


@dataclass
class Seen:
    """A request and what became of it."""

    request: Request
    fault: Fault | None
    at: float = field(default_factory=time.monotonic)
    status: int = 0
    """What the API server answered; 0 = it was not asked, or has not answered yet."""


def passes(_request: Request) -> Fault | None:
    """Let everything pass."""
    return None


class Proxy:
    """Listens on the loopback address in a thread of its own, over HTTP without TLS."""

    def __init__(self, kubeconfig: Path) -> None:
        cluster = yaml.safe_load(kubeconfig.read_text())["clusters"][0]["cluster"]
        self._server: str = cluster["server"]
        self._tls = trust(cluster)
        self.decide: Callable[[Request], Fault | None] = passes
        self.seen: list[Seen] = []
        self._numbers: Counter[tuple[str, str]] = Counter()
        self._streams: dict[int, web.Request] = {}
        self._held: frozenset[str] = frozenset()
        self._flows = asyncio.Event()
        self._ready: Future[str] = Future()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.url = self._ready.result(timeout=10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(_PATIENCE)
        assert not self._thread.is_alive(), "the proxy does not end: its loop is held up"

    def kubeconfig(self, credentials: Path, into: Path) -> Path:
        """Write a kubeconfig with the user of another one that leads through this proxy."""
        config = yaml.safe_load(credentials.read_text())
        config["clusters"][0]["cluster"] = {"server": self.url}
        into.touch(mode=0o600)
        into.write_text(json.dumps(config))
        return into

    def writes(self, since: int = 0) -> list[Seen]:
        """Return what was to be changed, the Lease apart, from the n-th request on."""
        return [it for it in self.seen[since:] if it.request.is_write and not it.request.is_lease]

    def hold_watches(self, *resources: str) -> None:
        """Keep the events of these kinds back, so that the view of the operator grows old."""
        self._loop.call_soon_threadsafe(self._hold, frozenset(resources))

    def release_watches(self) -> None:
        """Let the events through that were kept back, and those to come."""
        self._loop.call_soon_threadsafe(self._hold, frozenset())

    def cut_watches(self) -> None:
        """Break all watches off as they are."""
        self._loop.call_soon_threadsafe(lambda: list(map(_abort, self._streams.values())))

    def _hold(self, resources: frozenset[str]) -> None:
        """Change both in one step of the loop, or a held watch turns round in it forever."""
        self._held = resources
        if resources:
            self._flows.clear()
        else:
            self._flows.set()

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._over = asyncio.Event()
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        connector = TCPConnector(ssl=self._tls, limit=0)
        async with ClientSession(connector=connector, timeout=_NO_LIMIT) as self._upstream:
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self._ready.set_result(f"http://127.0.0.1:{runner.addresses[0][1]}")
            await self._over.wait()
            await runner.cleanup()
            await _end_all()
        await asyncio.sleep(_FAREWELL)

    async def _handle(self, incoming: web.Request) -> web.StreamResponse:
        request = classify(incoming.method, incoming.path, incoming.query, self._numbers)
        body = await incoming.read()
        seen = Seen(request, self.decide(request))
        self.seen.append(seen)
        match seen.fault:
            case Late(seconds):
                await asyncio.sleep(seconds)
            case Refused():
                return _refusal(seen.fault)
            case Lost(was_made=False):
                return _lose(seen.fault, incoming)
        if request.verb == "watch":
            return await self._watch(incoming, seen)
        return await asyncio.shield(asyncio.ensure_future(self._forward(incoming, seen, body)))

    async def _forward(self, incoming: web.Request, seen: Seen, body: bytes) -> web.Response:
        async with self._ask(incoming, body) as answer:
            seen.status = answer.status
            text = await answer.read()
        if isinstance(seen.fault, Lost):
            return _lose(seen.fault, incoming)
        return web.Response(status=answer.status, body=text, headers=_chosen(answer, _PASSED_BACK))

    def _ask(self, incoming: web.Request, body: bytes = b"") -> Any:
        headers = _chosen(incoming, _PASSED_ON)
        url = f"{self._server}{incoming.raw_path}"
        return self._upstream.request(incoming.method, url, data=body or None, headers=headers)

    async def _watch(self, incoming: web.Request, seen: Seen) -> web.StreamResponse:
        async with self._ask(incoming) as answer:
            seen.status = answer.status
            response = web.StreamResponse(
                status=answer.status, headers=_chosen(answer, ("Content-Type",))
            )
            await response.prepare(incoming)
            self._streams[id(incoming)] = incoming
            try:
                await self._pour(answer, response, incoming, seen)
            except ConnectionError:
                pass  # nobody listens any more
            finally:
                del self._streams[id(incoming)]
        return response

    async def _pour(
        self, answer: Any, response: web.StreamResponse, incoming: web.Request, seen: Seen
    ) -> None:
        events, fault = 0, seen.fault
        async for line in _lines(answer):
            if isinstance(fault, Cut) and events >= fault.after_events:
                if fault.is_expired:
                    await response.write(expired())
                else:
                    _abort(incoming)
                return
            while seen.request.resource in self._held:
                await self._flows.wait()
            await response.write(line)
            events += 1


async def _end_all() -> None:
    """End what is left: watches whose events are held back, above all."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


async def _lines(answer: Any) -> AsyncIterator[bytes]:
    rest = b""
    async for chunk in answer.content.iter_any():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line + b"\n"
    if rest:
        yield rest


def _chosen(message: Any, wanted: tuple[str, ...]) -> dict[str, str]:
    return {key: message.headers[key] for key in wanted if key in message.headers}


def _refusal(fault: Refused) -> web.Response:
    return web.json_response(
        status_object(fault.code, fault.reason), status=fault.code, headers=dict(fault.headers)
    )


def _lose(fault: Lost, incoming: web.Request) -> web.Response:
    """End the connection without an answer, and do what belongs to it."""
    if fault.then is not None:
        fault.then()
    _abort(incoming)
    return web.Response()


def _abort(incoming: web.Request) -> None:
    if incoming.transport is not None:
        incoming.transport.abort()
