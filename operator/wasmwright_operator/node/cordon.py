"""Whose cordon it is: only one that carries our mark is ours to take away."""

from collections.abc import Iterator

from wasmwright_operator import names
from wasmwright_operator.actions import CordonNode, UncordonNode
from wasmwright_operator.api.disruption import DisruptionMode
from wasmwright_operator.records import NodeRecord, WasmNodeRecord


def cordon(node: NodeRecord, record: WasmNodeRecord) -> CordonNode:
    """Return the write that lets no new pods come, and says for which run."""
    mark = f"{record.uid}/{record.spec.attempt}"
    return CordonNode(node.name, node.uid, mark, is_annotated=node.is_annotated)


def uncordon(node: NodeRecord, record: WasmNodeRecord | None) -> Iterator[UncordonNode]:
    """Yield the end of our cordon, unless a run that is under way still needs it.

    A node that somebody made schedulable again loses only our mark: if it is cordoned once more
    after that, it was not by us.
    """
    mark = node.annotations.get(names.CORDONED)
    if mark is None or (node.is_unschedulable and is_wanted(record)):
        return
    yield UncordonNode(node.name, node.uid, mark, is_cordoned=node.is_unschedulable)


def is_wanted(record: WasmNodeRecord | None) -> bool:
    """Tell whether a run is under way that takes place on a cordoned node."""
    return (
        record is not None
        and record.is_in_flight
        and record.disruption.mode is not DisruptionMode.NONE
    )
