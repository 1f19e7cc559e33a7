"""A wire between the operator's client and the API server that can be cut, or go dead."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import yaml


@dataclass
class Relay:
    """Carries bytes both ways; what they mean is none of its business."""

    host: str
    port: int
    is_cut: bool = False
    """New connections are refused."""
    is_dead: bool = False
    """Nothing is carried any more, and nobody is told."""
    connections: int = 0
    """How many there have been."""
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.break_all()

    @property
    def own_port(self) -> int:
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def break_all(self) -> None:
        """End all connections without a good-bye."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def cut(self) -> None:
        self.is_cut = True
        self.break_all()

    def mend(self) -> None:
        self.is_cut = self.is_dead = False

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        self.connections += 1
        there, back = await asyncio.open_connection(self.host, self.port)
        self._writers |= {writer, back}
        await asyncio.gather(self._carry(reader, back), self._carry(there, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(2**16):
                if not self.is_dead:
                    writer.write(data)
                    await writer.drain()
        if not self.is_dead:
            writer.transport.abort()


def address(kubeconfig: Path) -> tuple[str, int]:
    """Return where the API server of a kubeconfig listens."""
    server = urlsplit(yaml.safe_load(kubeconfig.read_text())["clusters"][0]["cluster"]["server"])
    assert server.hostname
    assert server.port
    return server.hostname, server.port


def through(relay: Relay, kubeconfig: Path, into: Path) -> Path:
    """Return a kubeconfig by which the API server is reached over the wire."""
    config = yaml.safe_load(kubeconfig.read_text())
    cluster = config["clusters"][0]["cluster"]
    cluster["server"] = f"https://127.0.0.1:{relay.own_port}"
    cluster["tls-server-name"] = relay.host  # the name that the server's certificate has
    into.touch(mode=0o600)
    into.write_text(yaml.safe_dump(config))
    return into
