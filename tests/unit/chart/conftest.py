"""The hook's program as a module, and an API server that holds WasmRuntimes."""

import importlib.util
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import pytest

from unit.chart.rendering import CHART

COLLECTION = "/apis/wasmwright.dev/v1alpha1/wasmruntimes"


@pytest.fixture(scope="session")
def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hook_program", CHART / "files/runtimes.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["hook_program"] = module
    spec.loader.exec_module(module)
    return module


class FakeCluster:
    """What the API server holds and how it behaves."""

    def __init__(self) -> None:
        self.runtimes: dict[str, dict[str, Any]] = {}
        self.finalized: set[str] = set()
        """Names whose objects stay after a deletion, as if the operator were not done."""
        self.refused: dict[str, str] = {}
        """Names that are refused, with the words of the refusal."""
        self.unready = 0
        """How many requests are answered as if the CRD were not served yet."""
        self.unready_status = 404
        self.requests: list[tuple[str, str, dict[str, list[str]]]] = []
        self.url = ""
        self.token = ""

    def add(self, name: str, **labels: str) -> None:
        translated = {
            "app.kubernetes.io/managed-by": labels.get("by", ""),
            "app.kubernetes.io/instance": labels.get("release", ""),
        }
        self.runtimes[name] = {"metadata": {"name": name, "labels": translated}}

    def answer(self, method: str, target: str, body: Any) -> tuple[int, Any]:
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        name = parts.path.removeprefix(COLLECTION).lstrip("/")
        self.requests.append((method, name, query))
        if self.unready:
            self.unready -= 1
            return self.unready_status, {"message": "not yet"}
        match method:
            case "GET":
                return 200, {"items": self._selected(query)}
            case "PATCH" if name in self.refused:
                return 422, {"message": self.refused[name]}
            case "PATCH":
                self.runtimes[name] = body
                return 200, body
            case _:
                return self._delete(name)

    def _selected(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        wanted = dict(p.split("=") for s in query.get("labelSelector", []) for p in s.split(","))
        return [
            runtime
            for runtime in self.runtimes.values()
            if wanted.items() <= runtime["metadata"]["labels"].items()
        ]

    def _delete(self, name: str) -> tuple[int, Any]:
        if name not in self.runtimes:
            return 404, {"message": "not found"}
        if name not in self.finalized:
            del self.runtimes[name]
        return 200, {}


class Answers(Protocol):
    """What stands behind a server: told of the last token, asked for each answer."""

    url: str
    token: str

    def answer(self, method: str, target: str, body: Any) -> tuple[int, Any]: ...


@contextmanager
def served(fake: Answers) -> Iterator[None]:
    """Have it answer real requests at its `url`."""

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            fake.token = self.headers["Authorization"]
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, answer = fake.answer(self.command, self.path, json.loads(body or "null"))
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PATCH = do_DELETE = _handle  # noqa: N815 - the names that the server calls

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    fake = FakeCluster()
    with served(fake):
        yield fake
