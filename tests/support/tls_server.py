"""Servers on the loopback that want what those of real sites want: TLS, headers, a proxy."""

import base64
import contextlib
import selectors
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path

from typing_extensions import override

from localcluster.pki import Authority

ADDRESSES = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
"""Hosts that are not the same to a client."""


@dataclass(frozen=True)
class Request:
    """What somebody asked for."""

    path: str
    headers: dict[str, str]
    """By lower-case names."""


@dataclass
class Site:
    """One server: what it serves, to whom, and what it was asked."""

    url: str
    contents: dict[str, bytes] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    wanted: dict[str, str] = field(default_factory=dict)
    """Headers, by lower-case names, without which it answers 401."""
    requests: list[Request] = field(default_factory=list)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(Request(request.path, headers))
        path = request.path.partition("?")[0]
        if any(headers.get(name) != value for name, value in self.wanted.items()):
            request.send_error(401)
        elif path in self.redirects:
            request.send_response(302)
            request.send_header("Location", self.redirects[path])
            request.send_header("Content-Length", "0")
            request.end_headers()
        elif path in self.contents:
            request.send_response(200)
            request.send_header("Content-Length", str(len(self.contents[path])))
            request.end_headers()
            request.wfile.write(self.contents[path])
        else:
            request.send_error(404)


def authority() -> Authority:
    return Authority.create("authority of a test", datetime.now(tz=UTC))


@contextlib.contextmanager
def serve(host: str, signer: Authority | None, folder: Path) -> Iterator[Site]:
    """Serve on a loopback address, by TLS if somebody signs the certificate for it."""
    site = Site("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.answer(self)

        @override
        def log_message(self, *_: object) -> None:
            pass

    server = _Server((host, 0), Handler)
    if signer is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*write_pair(folder, signer, host))
        server.socket = context.wrap_socket(server.socket, server_side=True)
    site.url = f"{'https' if signer else 'http'}://{host}:{server.server_address[1]}"
    with _running(server):
        yield site


def write_pair(folder: Path, signer: Authority, host: str) -> tuple[Path, Path]:
    """Return the files of a certificate for a loopback address and of its key."""
    folder.mkdir(parents=True, exist_ok=True)
    pair = signer.server(host, datetime.now(tz=UTC), dns=(), addresses=(IPv4Address(host),))
    certificate, key = folder / f"{host}.crt", folder / f"{host}.key"
    certificate.write_bytes(pair.certificate)
    key.write_bytes(pair.key)
    return certificate, key


@dataclass
class Proxy:
    """A proxy: whom it was to reach, and whom it lets through."""

    url: str = ""
    user: str = ""
    """`name:password`; "" = everybody may use it."""
    reached: list[str] = field(default_factory=list)


@contextlib.contextmanager
def proxy(host: str) -> Iterator[Proxy]:
    """Run a proxy that makes tunnels (CONNECT), as for TLS."""
    told = Proxy()

    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            wanted = f"Basic {base64.b64encode(told.user.encode()).decode()}"
            if told.user and self.headers.get("Proxy-Authorization") != wanted:
                self.send_error(407)
                return
            told.reached.append(self.path)
            target, _, port = self.path.rpartition(":")
            with socket.create_connection((target, int(port)), 5) as there:
                self.send_response(200)
                self.end_headers()
                _relay(self.connection, there)
            self.close_connection = True

        @override
        def log_message(self, *_: object) -> None:
            pass

    server = _Server((host, 0), Handler)
    told.url = f"http://{host}:{server.server_address[1]}"
    with _running(server):
        yield told


def _relay(one: socket.socket, other: socket.socket) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ, other)
        selector.register(other, selectors.EVENT_READ, one)
        while True:
            for key, _ in selector.select():
                content = key.fileobj.recv(1 << 16)  # type: ignore[union-attr]  # sockets only
                if not content:
                    return
                key.data.sendall(content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent about clients that hang up, as one does that trusts no certificate."""


@contextlib.contextmanager
def _running(server: ThreadingHTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
