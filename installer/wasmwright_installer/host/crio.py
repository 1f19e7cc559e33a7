"""The configuration that a running CRI-O has, over HTTP on the socket where it serves the CRI."""

import http.client
import socket
import tomllib
from pathlib import Path
from typing import Any

from typing_extensions import override


class CRIUnavailableError(Exception):
    """The daemon does not answer, or answers without what is asked of it."""


class _OverSocket(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("crio", timeout=timeout)
        self._path = path

    @override
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def crio_config(path: Path, timeout: float) -> dict[str, Any]:
    """Return what `crio status config` prints.

    Raises:
        CRIUnavailableError: no answer within `timeout` seconds, or none that is one.
    """
    connection = _OverSocket(path, timeout)
    try:
        connection.request("GET", "/config")
        response = connection.getresponse()
        content = response.read().decode()
        if response.status != http.client.OK:
            raise CRIUnavailableError(f"/config answers {response.status}: {content.strip()[:200]}")
        return tomllib.loads(content)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CRIUnavailableError(f"/config: {error}") from error
    finally:
        connection.close()
