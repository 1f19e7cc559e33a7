"""A node on which nothing of us is left: its labels and its WasmNode go."""

from collections.abc import Iterator

from wasmwright_operator.actions import Action, DeleteWasmNode
from wasmwright_operator.node.cordon import uncordon
from wasmwright_operator.node.labels import relabel
from wasmwright_operator.records import NodeRecord, WasmNodeRecord


def is_given_back(record: WasmNodeRecord) -> bool:
    """Tell whether nothing is left; who was there before us is then said anew, if at all."""
    spec = record.spec
    is_told = bool(spec.predecessor_labels) and not spec.attempt
    return not (
        spec.runtimes or spec.refused or is_told or record.has_failed or record.is_in_flight
    )


def forget(node: NodeRecord, record: WasmNodeRecord) -> Iterator[Action]:
    """Yield the end of all that says something of us on the node, its WasmNode last."""
    yield from relabel(node, record, ends=True)
    yield from uncordon(node, record=None)
    yield DeleteWasmNode(name=record.name, uid=record.uid, resource_version=record.resource_version)
