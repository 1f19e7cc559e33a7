"""Serve downloads to the nodes of a cluster on this machine, and count who asked for what."""

import threading
from collections import Counter
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from typing_extensions import override

from workloads.artifacts import Artifact


class ArtifactServer:
    """An HTTP server in a thread; use it as a context manager.

    `address` is one that the nodes reach, such as the cluster's `host_address`, and never all of
    them: nobody else on this machine's networks is to see it.
    """

    def __init__(self, address: str) -> None:
        self.requests: Counter[str] = Counter()
        """How often each path was asked for."""
        self._contents: dict[str, bytes] = {}
        handler = _handler(self._contents, self.requests)
        self._server = ThreadingHTTPServer((address, 0), handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def publish(self, artifact: Artifact) -> str:
        """Serve an artifact from now on, and return its URL."""
        path = f"/{artifact.file_name}"
        self._contents[path] = artifact.content
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}{path}"


def _handler(contents: dict[str, bytes], requests: Counter[str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests[self.path] += 1
            content = contents.get(self.path)
            if content is None:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "application/gzip")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Stay silent: the counts say it all."""

    return Handler
