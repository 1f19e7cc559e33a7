"""What a request to the API server is about, from its method and path."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_VERBS: Final = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True)
class Request:
    """One request of an operator."""

    verb: str
    """get, list, watch, create, update, patch or delete."""
    resource: str
    """With its subresource, as in `wasmnodes/status`."""
    name: str
    """Empty for collections."""
    number: int
    """The how manieth of this verb and resource it is, from 0."""

    @property
    def is_write(self) -> bool:
        """Whether it is meant to change something."""
        return self.verb not in {"get", "list", "watch"}

    @property
    def is_lease(self) -> bool:
        """Whether it keeps the Lease."""
        return self.resource == "leases"


def classify(
    method: str, path: str, query: Mapping[str, str], numbers: Counter[tuple[str, str]]
) -> Request:
    """Return what a request is about, and count it."""
    resource, name = _target(path)
    verb = _VERBS.get(method, "get" if name else "list")
    if query.get("watch", "") in {"1", "true"}:
        verb = "watch"
    number = numbers[verb, resource]
    numbers[verb, resource] += 1
    return Request(verb, resource, name, number)


def _target(path: str) -> tuple[str, str]:
    """Return resource and name: `/apis/batch/v1/namespaces/x/jobs/y/status` -> `jobs/status`, y."""
    parts = path.strip("/").split("/")
    parts = parts[2:] if parts[0] == "api" else parts[3:]
    if len(parts) > 2 and parts[0] == "namespaces":
        parts = parts[2:]
    resource, name, sub = (*parts, "", "", "")[:3]
    return (f"{resource}/{sub}" if sub else resource), name
