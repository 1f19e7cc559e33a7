"""What one node is to have, what it asks for and does not get, and how far it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from wasmwright_installer.contract import PredecessorName, RuntimeEntry
from wasmwright_operator.api.runtime_status import NodeExclusion, NodeFailure
from wasmwright_operator.api.wasmnode import Refusal
from wasmwright_operator.fleet.drift import Reason
from wasmwright_operator.fleet.eligibility import NOT_READY, patience_ends
from wasmwright_operator.records import NodeRecord, WasmNodeRecord

UNKNOWN: Final = "UnknownRuntime"
UNSUPPORTED: Final = "UnsupportedArchitecture"
SKIPPED: Final = "NodeSkipped"

Item = str | NodeFailure | NodeExclusion

Place = tuple[str, str, Item]
"""A runtime, a list of its survey, and what stands there of one node."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Kind:
    """What nodes share that nothing sets apart: what is decided for one of them holds for all.

    Two kinds are equal only if they are the same object, so that nodes are sorted by it in no time.
    """

    given: tuple[RuntimeEntry, ...]
    """What they were given last."""
    counted: tuple[tuple[str, str], ...]
    """The lists of the surveys in which they stand: a runtime, and its list."""


@dataclass(frozen=True, slots=True)
class Target:
    """One node's goal."""

    node: NodeRecord
    wasm_node: WasmNodeRecord | None
    """None also when the WasmNode of this name speaks of an earlier node."""
    predecessor: WasmNodeRecord | None = None
    """That WasmNode, which is on its way out; until then the node gets none."""
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
    kind: Kind | None = None
    """None for a node that is not Ready, changes, fails, or asks for something of its own."""

    predecessor_labels: tuple[str, ...] = ()
    """Keys of labels by which earlier installers say that they provisioned it."""
    take_over: tuple[PredecessorName, ...] = ()
    """Whose leftovers a run may make ours there."""
    look_from: datetime | None = field(init=False, repr=False, compare=False)
    """The first time at which it may need a run of what it has."""
    waits_to_be_ready: bool = field(init=False, repr=False, compare=False)
    """Whether it gets something only when it is Ready, so that time counts."""

    def __post_init__(self) -> None:
        """Work out once what every plan asks of every node."""
        look_from = min((at for _, at in self.reasons), default=None)
        object.__setattr__(self, "look_from", look_from)
        is_waiting = any(it.reason == NOT_READY for it in self.excluded.values())
        object.__setattr__(self, "waits_to_be_ready", is_waiting)

    def is_of(self, node: NodeRecord, wasm_node: WasmNodeRecord | None) -> bool:
        """Tell whether it was worked out from the same two records, and time changes nothing."""
        is_same = self.node is node and (self.wasm_node or self.predecessor) is wasm_node
        return is_same and not self.waits_to_be_ready


def next_telling(targets: Iterable[Target], now: datetime) -> datetime | None:
    """Return when a node that waits to become Ready is next to be told of."""
    waiting = (it for it in targets if it.waits_to_be_ready)
    ends = (patience_ends(target.node) for target in waiting)
    return min((end for end in ends if end > now), default=None)
