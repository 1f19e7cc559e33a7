"""What plans look at: frozen pictures of the cache."""

from dataclasses import replace

from wasmwright_operator import names
from wasmwright_operator.cache.ends import Ends
from wasmwright_operator.cache.looks import Looks
from wasmwright_operator.cache.stores import Stores
from wasmwright_operator.fleet.snapshot import FleetPolicy, Snapshot
from wasmwright_operator.node import NodeView
from wasmwright_operator.records import LedgerRecord, WasmNodeRecord


def view_fleet(stores: Stores, ends: Ends, policy: FleetPolicy) -> Snapshot:
    """Return what the fleet plan looks at."""
    ledger = stores.ledgers.get(names.LEDGER) or LedgerRecord()
    return Snapshot(
        nodes=stores.nodes.by_name(),
        runtimes=stores.runtimes.by_name(),
        wasm_nodes=stores.wasm_nodes.by_name(),
        runtime_classes=stores.runtime_classes.by_name(),
        revisions=stores.revisions.by_name(),
        ledger=ledger,
        ended=ends.ledger_versions(slot.node_uid for slot in ledger.slots.values()),
        policy=policy,
    )


def view_node(node: str, stores: Stores, ends: Ends, looks: Looks) -> NodeView:
    """Return what the plan of one node looks at, beside its Jobs and pods."""
    return NodeView(
        node=stores.nodes.get(node),
        wasm_node=_with_ends(node, stores),
        lost_runs=frozenset(ends.lost_runs),
        look=looks.get(node),
        lost_tests=frozenset(ends.lost_tests),
        warnings=dict(looks.warnings),
    )


def _with_ends(node: str, stores: Stores) -> WasmNodeRecord | None:
    """Return a WasmNode that knows which of its runtimes are to end, or have ended."""
    found, owner = stores.wasm_nodes.get(node), stores.nodes.get(node)
    if found is None or owner is None or owner.is_skipped:
        return found
    held = {name: stores.runtimes.get(name) for name in found.held_names}
    gone = frozenset(name for name, runtime in held.items() if runtime is None)
    leaving = frozenset(
        name for name, runtime in held.items() if runtime is None or runtime.is_leaving
    )
    return replace(found, leaving=leaving, gone=gone) if leaving else found
