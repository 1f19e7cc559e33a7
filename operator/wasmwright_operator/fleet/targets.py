"""What one node is to have, what it asks for and does not get, and how far it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from wasmwright_operator.api.wasmnode import Refusal
from wasmwright_operator.api.wasmruntime import NodeExclusion, NodeFailure
from wasmwright_operator.fleet.drift import Reason
from wasmwright_operator.fleet.eligibility import NOT_READY, patience_ends
from wasmwright_operator.records import NodeRecord, WasmNodeRecord

UNKNOWN: Final = "UnknownRuntime"
UNSUPPORTED: Final = "UnsupportedArchitecture"
SKIPPED: Final = "NodeSkipped"

Item = str | NodeFailure | NodeExclusion

Place = tuple[str, str, Item]
"""A runtime, a list of its survey, and what stands there of one node."""


@dataclass(frozen=True, slots=True)
class Target:
    """One node's goal."""

    node: NodeRecord
    wasm_node: WasmNodeRecord | None
    """None also when the WasmNode of this name speaks of an earlier node."""
    wanted: frozenset[str] = frozenset()
    """Runtimes that the node is to have in the end."""
    refused: tuple[Refusal, ...] = ()
    """What it asks for itself and does not get."""
    excluded: Mapping[str, Refusal] = field(default_factory=dict)
    """Runtimes that it would have if it were another node; it keeps what it has of them."""
    places: tuple[Place, ...] = ()
    """Where it is counted."""
    reasons: tuple[Reason, ...] = ()
    """Why it needs a run of what it has, and from when on; the strongest reason first."""

    @property
    def waits_to_be_ready(self) -> bool:
        """Whether it gets something only when it is Ready, so that time counts."""
        problems = self.excluded.values() if self.excluded else ()
        return any(problem.reason == NOT_READY for problem in problems)


def next_telling(targets: Iterable[Target], now: datetime) -> datetime | None:
    """Return when a node that waits to become Ready is next to be told of."""
    waiting = (it for it in targets if it.waits_to_be_ready)
    ends = (patience_ends(target.node) for target in waiting)
    return min((end for end in ends if end > now), default=None)
