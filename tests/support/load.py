"""Requests to a pod, one after the other, for as long as a test goes on."""

import threading
import time
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Final, Self

_PAUSE: Final = 0.01
_PATIENCE: Final = 5


class Load:
    """Asks for a path again and again, each time over a connection of its own."""

    def __init__(self, address: str, port: int, path: str) -> None:
        self.answered = 0
        self.lost: Final[list[str]] = []
        """What went wrong with each request that was not answered as it should."""
        self._where = (address, port, path)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_over.wait(_PAUSE):
            try:
                self._ask()
            except (OSError, HTTPException) as error:
                self.lost.append(f"{time.strftime('%H:%M:%S')} {error!r}")

    def _ask(self) -> None:
        address, port, path = self._where
        connection = HTTPConnection(address, port, timeout=_PATIENCE)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            if answer.status != 200 or answer.read() != b"ok":
                raise HTTPException(f"answered {answer.status}")
        finally:
            connection.close()
        self.answered += 1
