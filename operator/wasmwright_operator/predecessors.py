"""What KWasm and runtime-class-manager say of nodes, and whether what they left may be taken over.

KWasm labels a node as provisioned before it has done anything there. runtime-class-manager labels
it with the bare name of each Shim, which is also the handler; such a key could be anybody's, so it
counts only where a RuntimeClass leads to that handler, or belongs to a Shim of that name.
"""

from collections.abc import Collection
from typing import Final

from wasmwright_installer.contract import ADOPTABLE, PredecessorName
from wasmwright_operator import names
from wasmwright_operator.records import NodeRecord, WasmNodeRecord

TITLES: Final = {
    PredecessorName.KWASM: "KWasm",
    PredecessorName.RCM: "runtime-class-manager",
}
"""As people call them."""

_SHIM_STATES: Final = frozenset({"pending", "provisioned", "failed", "uninstall"})


def predecessor_of(key: str) -> PredecessorName:
    """Return whose label it is."""
    return PredecessorName.KWASM if key == names.KWASM_PROVISIONED else PredecessorName.RCM


def labels_of_predecessors(
    node: NodeRecord, record: WasmNodeRecord | None, shims: Collection[str]
) -> tuple[str, ...]:
    """Return the keys of labels by which predecessors say that they provisioned a node.

    Args:
        node: the node.
        record: its WasmNode, if it has one.
        shims: names that may be those of Shims.
    """
    found = [key for key in shims if node.labels.get(key) in _SHIM_STATES]
    if names.KWASM_PROVISIONED in node.labels and not is_kwasm_label_ours(record):
        found.append(names.KWASM_PROVISIONED)
    return tuple(sorted(found))


def is_kwasm_label_ours(record: WasmNodeRecord | None) -> bool:
    """Tell whether the label that KWasm's users select by is ours to set and to remove.

    It is from the first success on, unless KWasm still serves something on the node.
    """
    if record is None or not record.status.installed_hash:
        return False
    return PredecessorName.KWASM not in serving(record)


def serving(record: WasmNodeRecord) -> frozenset[PredecessorName]:
    """Return whose handlers the last run found on a node."""
    return frozenset(left.predecessor for left in record.status.leftovers if left.handlers)


def remaining(record: WasmNodeRecord) -> frozenset[PredecessorName]:
    """Return of whom anything is left: by the node's labels, and by what the last run found."""
    told = {predecessor_of(key) for key in record.spec.predecessor_labels}
    return frozenset(told | {left.predecessor for left in record.status.leftovers})


def permitted(
    node: NodeRecord, everywhere: tuple[PredecessorName, ...]
) -> tuple[PredecessorName, ...]:
    """Return whom a run may take over; what the node says counts before what the cluster says."""
    match node.wish(names.TAKE_OVER):
        case "true":
            return tuple(PredecessorName)
        case "false":
            return ()
        case _:
            return everywhere


def awaits_takeover(record: WasmNodeRecord, permission: Collection[PredecessorName]) -> bool:
    """Tell whether the last run lacked a permission that is there now and makes a difference."""
    fresh = frozenset(permission).difference(record.spec.take_over)
    error = record.status.last_error
    is_in_the_way = error is not None and error.reason == ADOPTABLE
    return bool(fresh) and (is_in_the_way or not fresh.isdisjoint(remaining(record)))


def is_taken_over(record: WasmNodeRecord, name: PredecessorName) -> bool:
    """Tell whether a run that was permitted to left nothing of a predecessor but files in use."""
    spec, status = record.spec, record.status
    is_done = not record.is_in_flight and status.installed_hash == spec.hash != ""
    return is_done and name in spec.take_over and name not in serving(record)


def has_files_left(record: WasmNodeRecord) -> bool:
    """Tell whether files of one that was taken over wait for their last user to end."""
    left = {item.predecessor for item in record.status.leftovers}
    return not left.isdisjoint(record.spec.take_over)


def obsolete_labels(node: NodeRecord, record: WasmNodeRecord) -> tuple[str, ...]:
    """Return the keys of labels of Shims whose handlers were taken over, or are gone."""
    if not is_taken_over(record, PredecessorName.RCM):
        return ()
    keys = (key for key in record.spec.predecessor_labels if key != names.KWASM_PROVISIONED)
    return tuple(key for key in keys if node.labels.get(key) in _SHIM_STATES)
