"""The API server's audit log: what the operator asked for, to the last request."""

import json
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_LEASES: Final = "leases"
READS: Final = frozenset({"get", "list", "watch"})


@dataclass(frozen=True)
class Request:
    """What is counted of a request."""

    verb: str
    resource: str
    """With its subresource, as in `wasmnodes/status`."""
    code: int

    @property
    def is_write(self) -> bool:
        """Whether it was meant to change something."""
        return self.verb not in READS


@dataclass(frozen=True)
class AuditLog:
    """The log, which the API server writes before it answers."""

    path: Path

    def mark(self) -> int:
        """Return where the log ends now."""
        return self.path.stat().st_size if self.path.exists() else 0

    def since(self, mark: int) -> tuple[Request, ...]:
        """Return what was asked for after a mark, apart from what keeps the Lease."""
        return tuple(request for request in self._since(mark) if request.resource != _LEASES)

    def lease_requests(self, mark: int) -> int:
        """Return how many requests after a mark kept the Lease: they come at a fixed rate."""
        return sum(1 for request in self._since(mark) if request.resource == _LEASES)

    def _since(self, mark: int) -> tuple[Request, ...]:
        if not self.path.exists():
            return ()
        with self.path.open("rb") as log:
            log.seek(mark)
            events = [json.loads(line) for line in log if line.endswith(b"\n")]
        return tuple(_request(event) for event in events if _counts(event))

    def wait_until_quiet(self, seconds: float) -> None:
        """Return when nothing was asked for during some seconds."""
        mark, quiet_since = self.mark(), time.monotonic()
        while time.monotonic() - quiet_since < seconds:
            time.sleep(0.2)
            if self.since(mark):
                mark, quiet_since = self.mark(), time.monotonic()


def writes(requests: Iterable[Request]) -> tuple[Request, ...]:
    """Return those requests that were meant to change something."""
    return tuple(request for request in requests if request.is_write)


def table(requests: Iterable[Request]) -> list[dict[str, Any]]:
    """Return a row for each verb, resource and code, the most frequent first."""
    return [
        {
            "verb": request.verb,
            "resource": request.resource,
            "code": request.code,
            "requests": count,
        }
        for request, count in Counter(requests).most_common()
    ]


def _counts(event: dict[str, Any]) -> bool:
    """A watch counts when it begins: it may never end."""
    begins = "ResponseStarted" if event["verb"] == "watch" else "ResponseComplete"
    return bool(event["stage"] == begins)


def _request(event: dict[str, Any]) -> Request:
    target = event.get("objectRef") or {}
    parts = (target.get("resource", event["requestURI"]), target.get("subresource", ""))
    resource = "/".join(part for part in parts if part)
    return Request(event["verb"], resource, event["responseStatus"]["code"])
