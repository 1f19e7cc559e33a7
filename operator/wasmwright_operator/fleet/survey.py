"""Count the nodes of each runtime by how far they are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from wasmwright_operator.api.runtime_status import NodeCounts, NodeExclusion, NodeFailure
from wasmwright_operator.api.wasmnode import Refusal
from wasmwright_operator.fleet.roster import Roster
from wasmwright_operator.fleet.shortage import Shortage
from wasmwright_operator.fleet.trust import unverified_platforms
from wasmwright_operator.records import RuntimeRecord, WasmNodeRecord

_LISTED: Final = 10


@dataclass(slots=True)
class Survey:
    """The nodes of one runtime, by name; a node is in one of the lists, and maybe also `ready`."""

    ready: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    updating: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    drifted: list[str] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    removing: list[str] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)
    unavailable: list[str] = field(default_factory=list)
    """Of those that are to have it: changing, not Ready or cordoned."""
    absent: list[str] = field(default_factory=list)
    """Nodes that are left out only as long as they are not Ready."""
    waiting: Mapping[Shortage, int] = field(default_factory=dict)
    """How many nodes wait for room, by the limit that leaves none."""
    holders: list[WasmNodeRecord] = field(default_factory=list)
    """Of a runtime that is being deleted, or has downloads without a digest: the WasmNodes that
    hold it, skipped nodes among them."""
    failures: list[NodeFailure] = field(default_factory=list)
    excluded: list[NodeExclusion] = field(default_factory=list)
    """Nodes that would have it if they were other nodes, but for the unsupported ones."""
    movable: list[str] = field(default_factory=list)
    """Of the pending ones: nodes on which a run could begin."""
    not_ready: list[str] = field(default_factory=list)
    """Of the pending ones: nodes that are not Ready and therefore left alone."""
    paused: list[str] = field(default_factory=list)
    """Of the others of them: nodes on which somebody lets nothing begin."""
    with_order_bug: list[str] = field(default_factory=list)
    """Nodes whose container runtime lists handlers in another order each time."""

    @property
    def coming(self) -> frozenset[str]:
        """Nodes on which a run could begin if it were their turn."""
        return frozenset(self.pending).difference(self.not_ready, self.paused)

    @property
    def targeted(self) -> int:
        """How many nodes are to have the runtime."""
        counted = (self.updated, self.updating, self.failed, self.drifted, self.blocked)
        return sum(map(len, (*counted, self.pending)))

    @property
    def counts(self) -> NodeCounts:
        """The numbers for the status."""
        return NodeCounts(
            targeted=self.targeted,
            ready=len(self.ready),
            updated=len(self.updated),
            updating=len(self.updating),
            failed=len(self.failed),
            blocked=len(self.blocked),
            pending=len(self.pending),
            removing=len(self.removing),
            unsupported=len(self.unsupported),
            unavailable=len(self.unavailable),
            excluded=len(self.excluded),
            drifted=len(self.drifted),
        )

    @property
    def first_failures(self) -> tuple[NodeFailure, ...]:
        """At most ten, in the order of names, so that the list stays while the nodes do."""
        return tuple(sorted(self.failures, key=lambda item: item.node)[:_LISTED])

    @property
    def first_excluded(self) -> tuple[NodeExclusion, ...]:
        """At most ten, in the order of names."""
        return tuple(sorted(self.excluded, key=lambda item: item.node)[:_LISTED])


def survey(
    runtimes: Iterable[RuntimeRecord], roster: Roster, wasm_nodes: Iterable[WasmNodeRecord]
) -> dict[str, Survey]:
    """Return the survey of every runtime."""
    surveys = {runtime.name: Survey() for runtime in runtimes}
    for target in roster.alone:
        for name, found, item in target.places:
            getattr(surveys[name], found).append(item)
    for kind, members in roster.alike.items():
        nodes = [target.node.name for target in members]
        for name, found in kind.counted:
            getattr(surveys[name], found).extend(nodes)
    asked = {it.name for it in runtimes if it.deleting or unverified_platforms(it)}
    for wasm_node in wasm_nodes if asked else ():
        for name in wasm_node.held_names & asked:
            surveys[name].holders.append(wasm_node)
    return surveys


def exclude(surveys: Mapping[str, Survey], problems: Iterable[tuple[str, Refusal]]) -> None:
    """Add nodes that are no targets, each with the reason for one runtime."""
    for node, problem in problems:
        told = NodeExclusion(node=node, reason=problem.reason, message=problem.message)
        surveys[problem.name].excluded.append(told)
