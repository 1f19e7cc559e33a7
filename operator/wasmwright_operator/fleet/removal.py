"""The end of a WasmRuntime: nodes first, RuntimeClasses last, then the object itself.

A node that cannot be reached does not hold it up for ever. Nothing need be remembered of such a
node: its WasmNode says what it has, and what no WasmRuntime stands for is removed when it returns.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from wasmwright_operator import names
from wasmwright_operator.actions import SetFinalizers
from wasmwright_operator.api.amounts import span
from wasmwright_operator.api.removal import RemovalSpec, WhenInUse
from wasmwright_operator.conditions import parse_time
from wasmwright_operator.fleet.classes import ClassAction, plan_end
from wasmwright_operator.fleet.snapshot import Snapshot
from wasmwright_operator.records import NodeRecord, RuntimeRecord, WasmNodeRecord


@dataclass(frozen=True, slots=True)
class Holder:
    """A node that has the runtime, or may have it."""

    wasm_node: WasmNodeRecord
    node: NodeRecord

    @property
    def name(self) -> str:
        """The node's name."""
        return self.node.name


@dataclass(frozen=True, slots=True)
class Removal:
    """How far a deletion is."""

    holding: tuple[Holder, ...] = ()
    """Nodes that must be cleaned before it goes on."""
    orphaned: tuple[str, ...] = ()
    """Nodes that it does not wait for any longer: they are cleaned when they can be."""
    look_again: datetime | None = None
    """When the next node that cannot be reached no longer holds it up."""


def judge_removal(
    runtime: RuntimeRecord, holders: Iterable[WasmNodeRecord], snapshot: Snapshot, now: datetime
) -> Removal:
    """Tell the nodes that a deletion waits for from those that it does not wait for."""
    holding, orphaned, ends = [], [], []
    for holder in _present(holders, snapshot):
        end = _end_of_patience(runtime, holder.node)
        if runtime.is_forced or (end is not None and end <= now):
            orphaned.append(holder.name)
            continue
        holding.append(holder)
        ends.extend([end] if end is not None else [])
    return Removal(tuple(holding), tuple(sorted(orphaned)), min(ends, default=None))


def _present(holders: Iterable[WasmNodeRecord], snapshot: Snapshot) -> Iterator[Holder]:
    """Yield the holders that are still there: what is said of a node that is gone goes with it."""
    for wasm_node in holders:
        node = snapshot.nodes.get(wasm_node.name)
        if node is not None and node.uid == wasm_node.spec.node_uid:
            yield Holder(wasm_node, node)


def _end_of_patience(runtime: RuntimeRecord, node: NodeRecord) -> datetime | None:
    """Return when a node is given up; None = it can be reached, or the runtime is paused."""
    since = parse_time(node.ready_changed)
    if node.is_ready or since is None or runtime.is_paused:
        return None
    return since + span(rules_of(runtime).unreachable_timeout)


def rules_of(runtime: RuntimeRecord) -> RemovalSpec:
    """Return how a runtime is to be removed; one that cannot be understood harms nobody."""
    return runtime.spec.removal if runtime.spec is not None else RemovalSpec()


def plan_removal(
    runtime: RuntimeRecord, removal: Removal, snapshot: Snapshot
) -> Iterator[ClassAction | SetFinalizers]:
    """Yield the next steps of a deletion, which a node that holds the runtime holds up.

    The object is given up when its status tells of the nodes that are left behind, not before.
    """
    if not runtime.has_finalizer:
        return
    classes = snapshot.runtime_classes.values()
    if removal.holding:
        if _may_end_early(runtime, snapshot):
            yield from plan_end(runtime.name, classes)
    elif any(item.runtime == runtime.name for item in classes):
        yield from plan_end(runtime.name, classes)
    elif runtime.status.nodes.orphaned == len(removal.orphaned):
        yield SetFinalizers(
            name=runtime.name,
            resource_version=runtime.resource_version,
            finalizers=tuple(item for item in runtime.finalizers if item != names.FINALIZER),
        )


def _may_end_early(runtime: RuntimeRecord, snapshot: Snapshot) -> bool:
    """Tell whether classes go before the nodes: by force, and when no node attracts pods."""
    if rules_of(runtime).when_in_use is not WhenInUse.FORCE or runtime.is_paused:
        return False
    label = names.runtime_label(runtime.name)
    return all(node.labels.get(label) != "ready" for node in snapshot.nodes.values())
