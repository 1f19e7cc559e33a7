"""Count the nodes of each runtime by how far they are."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from wasmwright_operator.api.wasmnode import Refusal
from wasmwright_operator.api.wasmruntime import NodeCounts, NodeExclusion, NodeFailure
from wasmwright_operator.fleet.fitness import has_handler_order_bug
from wasmwright_operator.fleet.rendering import Renderer
from wasmwright_operator.fleet.shortage import Shortage
from wasmwright_operator.fleet.targets import UNSUPPORTED, Target
from wasmwright_operator.records import RuntimeRecord, WasmNodeRecord

_MESSAGE_LIMIT: Final = 300
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
    """Every WasmNode that holds the runtime, whether it is to have it or not."""
    failures: list[NodeFailure] = field(default_factory=list)
    excluded: list[NodeExclusion] = field(default_factory=list)
    """Nodes that would have it if they were other nodes, but for the unsupported ones."""
    not_ready: list[str] = field(default_factory=list)
    """Of the pending ones: nodes that are not Ready and therefore left alone."""
    with_order_bug: list[str] = field(default_factory=list)
    """Nodes whose container runtime lists handlers in another order each time."""

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
    runtimes: Iterable[RuntimeRecord],
    targets: Iterable[Target],
    wasm_nodes: Iterable[WasmNodeRecord],
    renderer: Renderer,
) -> dict[str, Survey]:
    """Return the survey of every runtime."""
    known = {runtime.name: runtime for runtime in runtimes}
    surveys = {name: Survey() for name in known}
    for target in targets:
        for name in target.wanted:
            _place(surveys[name], known[name], target, renderer)
            if has_handler_order_bug(target.node.container_runtime):
                surveys[name].with_order_bug.append(target.node.name)
        for name, problem in target.excluded.items():
            _count_exclusion(surveys[name], target.node.name, problem)
        for name in _leaving(target):
            if name in surveys:
                _count_removal(surveys[name], target)
    for wasm_node in wasm_nodes:
        for name in wasm_node.held_names & surveys.keys():
            surveys[name].holders.append(wasm_node)
    return surveys


def _count_exclusion(found: Survey, node: str, problem: Refusal) -> None:
    reason, message = problem.reason, problem.message
    if reason == UNSUPPORTED:
        found.unsupported.append(node)
        found.failures.append(NodeFailure(node=node, reason=reason, message=message))
    else:
        found.excluded.append(NodeExclusion(node=node, reason=reason, message=message))


def _place(found: Survey, runtime: RuntimeRecord, target: Target, renderer: Renderer) -> None:
    wasm_node, name = target.wasm_node, target.node.name
    if wasm_node is None:
        found.pending.append(name)
        return
    is_concerned = runtime.name in wasm_node.spec.changes
    is_ready = runtime.name in wasm_node.ready_names
    if is_ready:
        found.ready.append(name)
    if wasm_node.has_drifted and not is_ready:
        found.drifted.append(name)
        found.failures.extend(_failure(wasm_node))
    elif is_concerned and wasm_node.is_failing and not wasm_node.has_drifted:
        (found.blocked if wasm_node.waits_for_pods else found.failed).append(name)
        found.failures.extend(_failure(wasm_node))
    elif is_concerned and wasm_node.is_in_flight:
        found.updating.append(name)
    elif is_ready and _is_current(runtime, target, renderer):
        found.updated.append(name)
    else:
        found.pending.append(name)
        if not target.node.is_ready:
            found.not_ready.append(name)


def _is_current(runtime: RuntimeRecord, target: Target, renderer: Renderer) -> bool:
    desired = renderer.entry(runtime, target.node.arch)
    if desired is None or target.wasm_node is None:
        return False
    present = renderer.digests(target.wasm_node).get(runtime.name)
    return present == renderer.digest(desired)


def _leaving(target: Target) -> frozenset[str]:
    if target.wasm_node is None:
        return frozenset()
    return target.wasm_node.held_names - target.wanted - target.excluded.keys()


def _count_removal(found: Survey, target: Target) -> None:
    found.removing.append(target.node.name)
    if target.wasm_node is not None and target.wasm_node.is_failing:
        found.failures.extend(_failure(target.wasm_node))


def _failure(wasm_node: WasmNodeRecord) -> Iterator[NodeFailure]:
    status = wasm_node.status
    if status.last_error is not None:
        yield NodeFailure(
            node=wasm_node.name,
            reason=status.last_error.reason,
            message=status.last_error.message[:_MESSAGE_LIMIT],
            attempts=status.failures,
            next_retry=status.next_retry,
        )
