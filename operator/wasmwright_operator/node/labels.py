"""The labels that a Node is to carry: a projection of its WasmNode, never a source of truth."""

from collections.abc import Iterator
from typing import Final

from wasmwright_operator import names
from wasmwright_operator.actions import EmitEvent, EventType, LabelNode
from wasmwright_operator.api.wasmnode import NodeState
from wasmwright_operator.predecessors import is_kwasm_label_ours, obsolete_labels
from wasmwright_operator.records import NodeRecord, WasmNodeRecord

_LABEL_VALUE_LIMIT: Final = 63


def label_changes(
    node: NodeRecord, record: WasmNodeRecord | None, *, ends: bool = False
) -> dict[str, str | None]:
    """Return what to set (a string) and to remove (None); empty when all is as it should be.

    Our labels on a node without a WasmNode are removed: kubelets that register again with old
    labels would otherwise attract pods to a node that serves nothing.

    Args:
        node: the node.
        record: its WasmNode, if it has one.
        ends: whether nothing of ours is left on the node, so that its WasmNode is about to go.
    """
    wanted = _wanted(node, record) if record is not None and not ends else {}
    present = {key: value for key, value in node.labels.items() if _is_written_by_us(key, record)}
    changes: dict[str, str | None] = {
        key: value for key, value in wanted.items() if node.labels.get(key) != value
    }
    changes.update(dict.fromkeys(present.keys() - wanted.keys()))
    if record is not None:
        changes.update(dict.fromkeys(obsolete_labels(node, record)))
    return changes


def relabel(
    node: NodeRecord, record: WasmNodeRecord | None, *, ends: bool = False
) -> Iterator[LabelNode]:
    """Yield the write of the labels, if there is anything to change."""
    changes = label_changes(node, record, ends=ends)
    if changes:
        yield LabelNode(node.name, node.uid, changes, had_labels=bool(node.labels))


def contested(record: WasmNodeRecord, action: LabelNode) -> EmitEvent:
    """Return what to tell when somebody keeps undoing a change of a node's labels."""
    changes = ", ".join(
        f"{key}={value}" if value is not None else f"{key} removed"
        for key, value in sorted(action.changes.items())
    )
    return EmitEvent(
        api_version=names.API_VERSION,
        kind="WasmNode",
        name=record.name,
        uid=record.uid,
        type=EventType.WARNING,
        reason="LabelsContested",
        message=(
            f"somebody else undoes again and again what is right for this node ({changes}); it is"
            " put right less and less often, at last every 5 minutes: metadata.managedFields of the"
            " Node tells who writes these labels"
        ),
    )


def _is_written_by_us(key: str, record: WasmNodeRecord | None) -> bool:
    if key == names.KWASM_PROVISIONED:
        return is_kwasm_label_ours(record)
    return key.partition("/")[0] == names.RUNTIME_LABEL_DOMAIN or key == names.PROVISIONED


def _wanted(node: NodeRecord, record: WasmNodeRecord) -> dict[str, str]:
    present, labels = node.labels, {}
    staying = {entry.name for entry in record.spec.runtimes} - record.leaving
    for name in staying:
        key = names.runtime_label(name)
        value = _value(name, record, present.get(key, ""))
        if value:
            labels[key] = value
    for name in record.held_names - staying:
        key = names.runtime_label(name)
        if key in present or name in record.ready_names:
            labels[key] = "removing"
    if _is_provisioned(record):
        labels[names.PROVISIONED] = "true"
        if node.wish(names.KWASM_NODE) == "true":
            labels[names.KWASM_PROVISIONED] = _as_label_value(node.name)
    return labels


def _value(name: str, record: WasmNodeRecord, present: str) -> str:
    """Return the state of one runtime; nothing while its first run is under way.

    While pods are sent away no new ones may come, though the node could run them.
    """
    if name in record.ready_names:
        return "pending" if record.leaving_pods else "ready"
    if record.is_in_flight:
        return present if present in {"failed", "pending"} else ""
    if record.has_failed:
        return "pending" if record.status.state is NodeState.BLOCKED else "failed"
    return ""


def _is_provisioned(record: WasmNodeRecord) -> bool:
    """Tell whether the node has everything that it asks for, as proved by a run without error."""
    entries = {entry.name for entry in record.spec.runtimes}
    return (
        bool(entries)
        and not record.spec.refused
        and not record.leaving
        and record.status.installed_hash == record.spec.hash
        and record.status.last_error is None
        and entries <= record.ready_names
    )


def _as_label_value(name: str) -> str:
    return name[:_LABEL_VALUE_LIMIT].rstrip("-._")
