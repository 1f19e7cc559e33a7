"""Why a node does not change now though a run is due on it."""

from dataclasses import dataclass
from enum import StrEnum


class Limit(StrEnum):
    """What keeps a node waiting, in the words of those who set it."""

    GLOBAL = "the cluster's rollout.maxParallel"
    PARALLEL = "maxParallel"
    RAMP = "ramp"
    UNAVAILABLE = "maxUnavailable"
    NOT_READY = "Node condition Ready"


@dataclass(frozen=True, slots=True)
class Shortage:
    """Why a node does not change now."""

    limit: Limit
    runtime: str = ""
    """Whose limit it is."""
