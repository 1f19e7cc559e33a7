"""A server on the loopback that also answers badly."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from typing_extensions import override


@dataclass
class Server:
    """What is served, and what was asked."""

    address: str = ""
    content: bytes = b""
    answers: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    """How the next requests are answered, before they are answered well."""
    ranges: list[str] = field(default_factory=list)
    supports_ranges: bool = True

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.ranges.append(request.headers.get("Range", ""))
        if self.answers:
            self.answers.pop(0)(request)
            return
        start = 0
        if self.ranges[-1] and self.supports_ranges:
            start = int(self.ranges[-1].removeprefix("bytes=").removesuffix("-"))
        if start >= len(self.content) > 0:
            request.send_error(416)
            return
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(self.content) - start))
        request.end_headers()
        request.wfile.write(self.content[start:])


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    """Serve as long as the context lasts."""
    served = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.answer(self)

        @override
        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.address = f"http://127.0.0.1:{http.server_port}/shim"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def status(code: int) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda request: request.send_error(code)


def whole(content: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answer with all of something else than what is served later."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    return answer


def cut_after(count: int, content: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content[:count])
        request.close_connection = True

    return answer
