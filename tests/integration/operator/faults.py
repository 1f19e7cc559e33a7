"""What can go wrong with a request to the API server."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from integration.operator.api import Raw


@dataclass(frozen=True)
class Refused:
    """An error as answer; the API server is not asked."""

    code: int
    reason: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Lost:
    """The connection breaks before an answer comes."""

    was_made: bool
    """Whether the API server took the request all the same."""
    then: Callable[[], object] | None = None
    """What happens at that moment: the operator is killed, say."""


@dataclass(frozen=True)
class Late:
    """The API server is asked only after some seconds."""

    seconds: float


@dataclass(frozen=True)
class Cut:
    """A watch that ends after some events."""

    after_events: int
    is_expired: bool = False
    """Whether it ends with 410 Gone; else the connection breaks off."""


Fault = Refused | Lost | Late | Cut


def throttled(seconds: int = 1) -> Refused:
    """Return 429 with the time after which to come again."""
    return Refused(429, "TooManyRequests", {"Retry-After": str(seconds)})


def conflict() -> Refused:
    """Return 409 as for an object that is newer than the one that was changed."""
    return Refused(409, "Conflict")


def broken() -> Refused:
    """Return 500."""
    return Refused(500, "InternalError")


def gone() -> Refused:
    """Return 410, for a list or watch that asks for too old a version."""
    return Refused(410, "Expired")


def expired() -> bytes:
    """Return the event with which the API server ends a watch of too old a version."""
    return json.dumps({"type": "ERROR", "object": status_object(410, "Expired")}).encode() + b"\n"


def status_object(code: int, reason: str) -> Raw:
    """Return the object that the API server describes an error with."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "the tests want it so",
        "reason": reason,
        "code": code,
    }
