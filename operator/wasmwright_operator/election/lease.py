"""The Lease as a record, and when it may be taken. Pure.

Clocks of two machines are never compared: a candidate counts from when it itself last saw the Lease
change, as client-go does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

DURATION: Final = 10.0
"""Seconds after the last sign of life for which a holder is left alone."""
RENEW_EVERY: Final = 3.0
RENEW_WITHIN: Final = 7.0
"""Seconds without a renewal after which the holder gives up, well before others may take over."""
RETRY_EVERY: Final = 1.0
"""Seconds between two looks of a candidate, and between two tries of a renewal."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A Lease of coordination.k8s.io."""

    holder: str
    """Empty = it was given back."""
    version: str
    duration: float
    """Seconds, as its holder wants it."""
    transitions: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """Since when, by our own clock, a Lease has not changed."""

    version: str
    since: float


def parse_lease(raw: Mapping[str, Any]) -> Lease:
    """Return the record of a Lease as the API server gives it."""
    spec = raw.get("spec") or {}
    return Lease(
        holder=spec.get("holderIdentity") or "",
        version=raw["metadata"]["resourceVersion"],
        duration=float(spec.get("leaseDurationSeconds") or DURATION),
        transitions=int(spec.get("leaseTransitions") or 0),
    )


def sight(before: Sighting | None, lease: Lease, now: float) -> Sighting:
    """Return since when the Lease is as it is."""
    if before is not None and before.version == lease.version:
        return before
    return Sighting(lease.version, now)


def may_take(lease: Lease, seen: Sighting, identity: str, now: float) -> bool:
    """Tell whether a candidate may take the Lease.

    It may when the Lease was given back, when its holder is silent, and when the holder was an
    earlier process of the same identity.
    """
    return lease.holder in {"", identity} or now >= seen.since + lease.duration


def taken(lease: Lease | None, identity: str, at: datetime) -> dict[str, Any]:
    """Return the spec with which a Lease is taken."""
    return {
        "holderIdentity": identity,
        "leaseDurationSeconds": int(DURATION),
        "leaseTransitions": 0 if lease is None else lease.transitions + 1,
        "acquireTime": _micro_time(at),
        "renewTime": _micro_time(at),
    }


def renewed(at: datetime) -> dict[str, Any]:
    """Return the change of the spec with which a Lease is renewed."""
    return {"renewTime": _micro_time(at)}


def given_back() -> dict[str, Any]:
    """Return the change of the spec after which anybody may take the Lease at once."""
    return {"holderIdentity": ""}


def _micro_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
