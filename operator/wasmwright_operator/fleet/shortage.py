"""Why a node does not change now though a run is due on it."""

from collections.abc import Mapping
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


def tell(waiting: Mapping[Shortage, int], runtime: str) -> str:
    """Return how many nodes of a runtime wait for room, and for which; "" = none does.

    Nodes that are not Ready wait for something else, which is told where they are counted. The same
    numbers make the same sentence, in whatever order the nodes were looked at.
    """
    short = [(item, count) for item, count in waiting.items() if item.limit is not Limit.NOT_READY]
    return ", ".join(
        f"{count} wait for {item.limit}{_whose(item, runtime)}"
        for item, count in sorted(
            short, key=lambda pair: (-pair[1], pair[0].limit, _whose(pair[0], runtime))
        )
    )


def _whose(item: Shortage, runtime: str) -> str:
    return f" of {item.runtime}" if item.runtime not in {"", runtime} else ""
