"""The proxy of the fleet tests passes on what it should, and fails as it is told to."""

import gc
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from integration.operator.faults import Cut, Lost, throttled
from integration.operator.proxy import Proxy

JOBS = "/apis/batch/v1/namespaces/x/jobs"
EVENT = {"type": "ADDED", "object": {"metadata": {"name": "a"}}}


class ApiServer(BaseHTTPRequestHandler):
    """Takes everything; a watch has some events and then nothing for a long time."""

    protocol_version = "HTTP/1.1"
    taken: list[str]
    over: threading.Event
    events = 3

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.taken.append(self.path)
        self._answer(201, b"{}")

    def do_GET(self) -> None:
        if "watch=1" not in self.path:
            self._answer(200, b'{"items": []}')
            return
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        self.wfile.write((json.dumps(EVENT).encode() + b"\n") * self.events)
        self.over.wait(10)

    def _answer(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    ApiServer.taken, ApiServer.over = [], threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), ApiServer) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        ApiServer.over.set()
        listening.shutdown()
        thread.join()


@pytest.fixture
def proxy(server: str, tmp_path: Path) -> Iterator[Proxy]:
    config = tmp_path / "config"
    config.write_text(json.dumps({"clusters": [{"cluster": {"server": server}}]}))
    with Proxy(config) as proxy:
        yield proxy
    gc.collect()  # what was not closed says so here


@pytest.fixture
def client(proxy: Proxy) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=proxy.url, timeout=2, trust_env=False) as client:
        yield client


def test_proxy__no_faults__passes_on_and_counts(proxy: Proxy, client: httpx.Client) -> None:
    assert client.post(JOBS, json={}).status_code == 201
    assert client.get(JOBS).json() == {"items": []}
    seen = [(it.request.verb, it.request.resource, it.status) for it in proxy.seen]
    assert seen == [("create", "jobs", 201), ("list", "jobs", 200)]
    assert len(proxy.writes()) == 1


def test_proxy__refusal__is_answered_without_asking(proxy: Proxy, client: httpx.Client) -> None:
    proxy.decide = lambda _request: throttled(3)
    answer = client.post(JOBS, json={})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    assert answer.json()["reason"] == "TooManyRequests"
    assert ApiServer.taken == []


@pytest.mark.parametrize("was_made", [False, True])
def test_proxy__lost_answer__breaks_off_before_or_after_the_write(
    proxy: Proxy,
    client: httpx.Client,
    was_made: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    told: list[str] = []
    proxy.decide = lambda _request: Lost(was_made, then=lambda: told.append("now"))
    with pytest.raises(httpx.TransportError):
        client.post(JOBS, json={})
    assert (len(ApiServer.taken), told) == (int(was_made), ["now"])


@pytest.mark.parametrize("is_expired", [False, True])
def test_proxy__watch_that_is_cut__ends_after_as_many_events(
    proxy: Proxy,
    client: httpx.Client,
    is_expired: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    proxy.decide = lambda _request: Cut(after_events=2, is_expired=is_expired)
    events = []
    try:
        with client.stream("GET", JOBS, params={"watch": "1"}) as answer:
            events.extend(json.loads(line) for line in answer.iter_lines())
    except httpx.TransportError:
        assert not is_expired
    assert events[:2] == [EVENT, EVENT]
    assert [event["object"]["code"] for event in events[2:]] == [410] * is_expired


def test_proxy__watch_that_is_held__goes_on_when_it_is_released_and_ends_with_the_proxy(
    proxy: Proxy, client: httpx.Client
) -> None:
    proxy.hold_watches("jobs")
    threading.Timer(0.3, proxy.release_watches).start()
    began = time.monotonic()
    with client.stream("GET", JOBS, params={"watch": "1"}) as answer:
        assert json.loads(next(answer.iter_lines())) == EVENT
        assert time.monotonic() - began >= 0.3
    proxy.hold_watches("jobs")


def test_proxy__watch_held_in_the_middle_of_events__holds_up_nothing_else(
    proxy: Proxy, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ApiServer, "events", 20_000)
    with client.stream("GET", JOBS, params={"watch": "1"}) as answer:
        for _line in zip(range(10), answer.iter_lines(), strict=False):
            proxy.hold_watches("jobs")
            assert client.get(JOBS).json() == {"items": []}
            proxy.release_watches()
