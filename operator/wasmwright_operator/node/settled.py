"""What is written of a node that no run is under way on."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from wasmwright_operator.actions import Action, Wake
from wasmwright_operator.api.wasmnode import NodeState, WasmNodeStatus
from wasmwright_operator.node.cordon import uncordon
from wasmwright_operator.node.description import described, write_status
from wasmwright_operator.node.labels import relabel
from wasmwright_operator.node.loss import judged
from wasmwright_operator.node.orphans import orphaned
from wasmwright_operator.node.release import forget, is_given_back
from wasmwright_operator.records import NodeRecord, WasmNodeRecord

_UNSUPPORTED: Final = frozenset({"UnsupportedArchitecture", "UnsupportedOS"})


def settled(node: NodeRecord, record: WasmNodeRecord, now: datetime) -> Iterator[Action]:
    """Yield what the last run and the kubelet's report call for."""
    if is_given_back(record):
        yield from forget(node, record)
        return
    status, look_again = judged(node, record, now)
    status = _with_runtime(node, status)
    if not record.spec.attempt:
        status = status.model_copy(update={"state": _state_without_runs(record)})
    status, note = orphaned(node, record, status)
    yield from write_status(record, described(record, status, now, note=note))
    yield from relabel(node, replace(record, status=status))
    yield from uncordon(node, record)
    if look_again is not None:
        yield Wake(look_again)


def _with_runtime(node: NodeRecord, status: WasmNodeStatus) -> WasmNodeStatus:
    """Catch up on what the kubelet could not say when the last run ended, amid a restart."""
    if status.kubelet_runtime or not (status.concluded_at and node.known_runtime):
        return status
    return status.model_copy(update={"kubelet_runtime": node.known_runtime})


def _state_without_runs(record: WasmNodeRecord) -> NodeState:
    """Return the state of a node that has had no run which could tell it."""
    reasons = {item.reason for item in record.spec.refused}
    if reasons & _UNSUPPORTED:
        return NodeState.UNSUPPORTED
    is_adoptable = record.spec.predecessor_labels and not reasons
    return NodeState.ADOPTABLE if is_adoptable else NodeState.PENDING
