"""What people are told by Events."""

from dataclasses import dataclass
from enum import StrEnum


class EventType(StrEnum):
    """The two types of Kubernetes Events."""

    NORMAL = "Normal"
    WARNING = "Warning"


@dataclass(frozen=True, slots=True)
class EmitEvent:
    """Tell a person something, once."""

    api_version: str
    kind: str
    name: str
    uid: str
    type: EventType
    reason: str
    message: str
