"""The requests about RuntimeClasses."""

from wasmwright_operator.actions import (
    ApplyRuntimeClass,
    DeleteRuntimeClass,
    DisownRuntimeClass,
    ReleaseRuntimeClass,
)
from wasmwright_operator.kube.port import RUNTIME_CLASSES
from wasmwright_operator.manifests.writes.jsonpatch import escaped, test
from wasmwright_operator.manifests.writes.write import Verb, Write


def apply_runtime_class(action: ApplyRuntimeClass) -> Write:
    """Return a server-side apply of the whole manifest."""
    return Write(Verb.APPLY, RUNTIME_CLASSES, action.name, dict(action.manifest))


def release_runtime_class(action: ReleaseRuntimeClass) -> Write:
    """Applied on the server's side, what we do not name any more is given up."""
    body = {
        "apiVersion": "node.k8s.io/v1",
        "kind": RUNTIME_CLASSES.kind,
        "metadata": {"name": action.name},
        "handler": action.handler,
    }
    return Write(Verb.APPLY, RUNTIME_CLASSES, action.name, body)


def disown_runtime_class(action: DisownRuntimeClass) -> Write:
    """Return a patch that takes out the Shim among its owners, and the label that came with it."""
    owner = f"/metadata/ownerReferences/{action.shim.place}"
    operations = [
        test("/metadata/uid", action.uid),
        test(f"{owner}/uid", action.shim.uid),
        {"op": "remove", "path": owner},
    ]
    if action.has_shim_label:
        operations.append({"op": "remove", "path": f"/metadata/labels/{escaped(action.name)}"})
    return Write(Verb.PATCH, RUNTIME_CLASSES, action.name, operations)


def delete_runtime_class(action: DeleteRuntimeClass) -> Write:
    """Return the end of a RuntimeClass."""
    return Write(Verb.DELETE, RUNTIME_CLASSES, action.name, uid=action.uid)
