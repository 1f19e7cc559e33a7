"""The requests about Nodes: JSON patches, since others write there all the time."""

from typing import Final

from wasmwright_operator import names
from wasmwright_operator.actions import CordonNode, LabelNode, LiftTaints, UncordonNode
from wasmwright_operator.kube.port import NODES
from wasmwright_operator.manifests.writes.jsonpatch import escaped, new_map, test
from wasmwright_operator.manifests.writes.write import Verb, Write

_UNSCHEDULABLE: Final = "/spec/unschedulable"
_MARK: Final = f"/metadata/annotations/{names.CORDONED.replace('/', '~1')}"


def label_node(action: LabelNode) -> Write:
    """Return a patch of the metadata alone, so that the answer is short as well."""
    operations = [test("/metadata/uid", action.uid)]
    if not action.had_labels:
        operations += new_map("/metadata/labels")
    for key, value in sorted(action.changes.items()):
        path = f"/metadata/labels/{escaped(key)}"
        change = {"op": "remove"} if value is None else {"op": "add", "value": value}
        operations.append({**change, "path": path})
    return Write(Verb.PATCH_METADATA, NODES, action.name, operations)


def cordon_node(action: CordonNode) -> Write:
    """To test for null is to test that the field is not set: nobody cordoned the node before us."""
    operations = [test("/metadata/uid", action.uid), test(_UNSCHEDULABLE, None)]
    if not action.is_annotated:
        operations += new_map("/metadata/annotations")
    operations.append({"op": "add", "path": _MARK, "value": action.mark})
    operations.append({"op": "add", "path": _UNSCHEDULABLE, "value": True})
    return Write(Verb.PATCH, NODES, action.name, operations)


def uncordon_node(action: UncordonNode) -> Write:
    """Return a patch that fails if somebody has changed cordon or mark meanwhile."""
    operations = [
        test("/metadata/uid", action.uid),
        test(_MARK, action.mark),
        test(_UNSCHEDULABLE, True if action.is_cordoned else None),
        {"op": "remove", "path": _MARK},
    ]
    if action.is_cordoned:
        operations.append({"op": "remove", "path": _UNSCHEDULABLE})
    return Write(Verb.PATCH, NODES, action.name, operations)


def lift_taints(action: LiftTaints) -> Write:
    """The last ones first: each removal moves what comes after it."""
    operations = [test("/metadata/uid", action.uid)]
    for place, taint in sorted(action.taints, reverse=True):
        path = f"/spec/taints/{place}"
        operations.append(test(f"{path}/key", taint.key))
        operations.append(test(f"{path}/effect", taint.effect))
        operations.append({"op": "remove", "path": path})
    return Write(Verb.PATCH, NODES, action.name, operations)
