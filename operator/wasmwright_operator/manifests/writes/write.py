"""One request to the API server, as a value."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from wasmwright_operator.kube.port import Resource


class Verb(Enum):
    """The kinds of writes that we make."""

    CREATE = auto()
    MERGE = auto()
    MERGE_STATUS = auto()
    PATCH = auto()
    PATCH_METADATA = auto()
    APPLY = auto()
    DELETE = auto()


@dataclass(frozen=True, slots=True)
class Write:
    """One request to the API server."""

    verb: Verb
    resource: Resource
    name: str
    body: Any = None
    uid: str = ""
    resource_version: str = ""
