"""When a run that did not succeed is tried again."""

from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from wasmwright_installer.contract import ExitCode
from wasmwright_operator.conditions import rounded_up
from wasmwright_operator.records.wasmnode import BLOCKING_PODS
from wasmwright_operator.spread import share

_FIRST: Final = 15.0
_LONGEST: Final = 600.0
_JITTER: Final = 0.2
"""Share of the delay by which nodes that failed together are spread."""
_SOON: Final = 5.0
_BLOCKED_LONGEST: Final = 30.0
_MANY: Final = 20
"""Doublings after which the longest delay has been reached for certain."""
_CHANCE: Final = 3
"""Interruptions in a row from which on they count as failures of the node."""


class Prospect(Enum):
    """What another try of the same may bring."""

    MAY_HEAL = auto()
    INTERRUPTED = auto()
    """Nobody knows how far the run came, or it found less than was known to be there; the next one
    reads what is left on the node."""
    WAITS_FOR_PODS = auto()
    HOPELESS = auto()


_HOPELESS: Final = frozenset(
    {ExitCode.UNSUPPORTED, ExitCode.CONFLICT, ExitCode.BAD_DOCUMENT, ExitCode.WRONG_NODE}
)
_INTERRUPTIONS: Final = frozenset(
    {
        "JobLost",
        "PodEvicted",
        "PodKilled",
        "PodLost",
        "ResultLost",
        "ArtifactMissing",
        "StoreDamaged",
    }
)
"""The last two: the node's disk was wiped, and what it was told to have is downloaded next time."""


def prospect(reason: str, exit_code: int | None) -> Prospect:
    """Return what another try may bring after a run ended like this."""
    if reason in _INTERRUPTIONS:
        return Prospect.INTERRUPTED
    if exit_code in _HOPELESS:
        return Prospect.HOPELESS
    is_waiting = exit_code == ExitCode.IN_USE or reason == BLOCKING_PODS
    return Prospect.WAITS_FOR_PODS if is_waiting else Prospect.MAY_HEAL


def is_failure(kind: Prospect, in_a_row: int) -> bool:
    """Tell whether the node is to blame: not for pods in use, nor for a run that was cut off."""
    if kind is Prospect.INTERRUPTED:
        return in_a_row >= _CHANCE
    return kind is not Prospect.WAITS_FOR_PODS


def next_try(kind: Prospect, failures: int, seed: str, now: datetime) -> datetime | None:
    """Return when to try again after this many failures in a row; None = when something changes.

    The jitter comes from the seed, so that planning twice gives the same time.
    """
    doublings = min(failures - 1, _MANY)
    match kind:
        case Prospect.HOPELESS:
            return None
        case Prospect.WAITS_FOR_PODS:
            delay = min(_SOON * 2**doublings, _BLOCKED_LONGEST)
        case Prospect.INTERRUPTED | Prospect.MAY_HEAL:
            first = _SOON if kind is Prospect.INTERRUPTED else _FIRST
            delay = min(first * 2**doublings, _LONGEST)
            delay *= 1 - _JITTER * share(f"{seed}/{failures}")
    return rounded_up(now + timedelta(seconds=delay))
