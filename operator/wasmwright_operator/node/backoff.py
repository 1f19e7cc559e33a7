"""When a run that did not succeed is tried again."""

import hashlib
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from wasmwright_installer.contract import ExitCode
from wasmwright_operator.conditions import rounded_up

_FIRST: Final = 15.0
_LONGEST: Final = 600.0
_JITTER: Final = 0.2
"""Share of the delay by which nodes that failed together are spread."""
_BLOCKED_FIRST: Final = 5.0
_BLOCKED_LONGEST: Final = 30.0
_MANY: Final = 20
"""Doublings after which the longest delay has been reached for certain."""


class Prospect(Enum):
    """What another try of the same may bring."""

    MAY_HEAL = auto()
    WAITS_FOR_PODS = auto()
    HOPELESS = auto()


_HOPELESS: Final = frozenset(
    {ExitCode.UNSUPPORTED, ExitCode.CONFLICT, ExitCode.BAD_DOCUMENT, ExitCode.WRONG_NODE}
)


def prospect(exit_code: int | None) -> Prospect:
    """Return what another try may bring after the installer ended like this, or not at all."""
    if exit_code in _HOPELESS:
        return Prospect.HOPELESS
    return Prospect.WAITS_FOR_PODS if exit_code == ExitCode.IN_USE else Prospect.MAY_HEAL


def next_try(exit_code: int | None, failures: int, seed: str, now: datetime) -> datetime | None:
    """Return when to try again after this many failures in a row; None = when something changes.

    The jitter comes from the seed, so that planning twice gives the same time.
    """
    doublings = min(failures - 1, _MANY)
    match prospect(exit_code):
        case Prospect.HOPELESS:
            return None
        case Prospect.WAITS_FOR_PODS:
            delay = min(_BLOCKED_FIRST * 2**doublings, _BLOCKED_LONGEST)
        case Prospect.MAY_HEAL:
            delay = min(_FIRST * 2**doublings, _LONGEST)
            delay *= 1 - _JITTER * _share(f"{seed}/{failures}")
    return rounded_up(now + timedelta(seconds=delay))


def _share(seed: str) -> float:
    """Return a number from 0 to 1 that looks random and is always the same."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4]) / 2**32
