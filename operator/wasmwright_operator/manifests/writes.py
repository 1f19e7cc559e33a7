"""What an action means to the API: which request, on which object, with which body."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import singledispatch
from typing import Any, Final

from wasmwright_operator import names
from wasmwright_operator.actions import (
    ApplyRuntimeClass,
    CordonNode,
    CreateRevision,
    CreateWasmNode,
    DeleteJob,
    DeletePod,
    DeleteRevision,
    DeleteRuntimeClass,
    DeleteWasmNode,
    DisownRuntimeClass,
    EmitEvent,
    LabelNode,
    LiftTaints,
    NumberRevision,
    ReleaseRuntimeClass,
    ReserveSlots,
    SetFinalizers,
    UncordonNode,
    UpdateWasmNode,
    WriteNodeStatus,
    WriteRuntimeStatus,
)
from wasmwright_operator.api.meta import ApiModel
from wasmwright_operator.kube.port import (
    CONFIG_MAPS,
    CONTROLLER_REVISIONS,
    EVENTS,
    JOBS,
    NODES,
    PODS,
    RUNTIME_CLASSES,
    WASM_NODES,
    WASM_RUNTIMES,
    Raw,
    Resource,
)

_EVENT_NAME: int = 200
_EVENT_MESSAGE: int = 1024


class Verb(Enum):
    """The kinds of writes that we make."""

    CREATE = auto()
    MERGE = auto()
    MERGE_STATUS = auto()
    PATCH = auto()
    PATCH_METADATA = auto()
    APPLY = auto()
    DELETE = auto()


@dataclass(frozen=True, slots=True)
class Write:
    """One request to the API server."""

    verb: Verb
    resource: Resource
    name: str
    body: Any = None
    uid: str = ""
    resource_version: str = ""


@singledispatch
def render_write(action: object) -> Write:
    """Return the request for an action. Jobs are rendered by their template instead."""
    raise TypeError(f"{type(action).__name__} is no write that can be rendered")


@render_write.register
def _(action: CreateWasmNode) -> Write:
    owner = {"apiVersion": "v1", "kind": "Node", "name": action.name, "uid": action.spec.node_uid}
    metadata = {
        "name": action.name,
        "labels": {names.MANAGED_BY: names.MANAGED_BY_VALUE},
        "ownerReferences": [owner],
    }
    body = {
        "apiVersion": names.API_VERSION,
        "kind": WASM_NODES.kind,
        "metadata": metadata,
        "spec": _without_nulls(_plain(action.spec)),
    }
    return Write(Verb.CREATE, WASM_NODES, action.name, body)


@render_write.register
def _(action: UpdateWasmNode) -> Write:
    body = {**_at(action.resource_version), "spec": _replacing(action.spec)}
    return Write(Verb.MERGE, WASM_NODES, action.name, body)


@render_write.register
def _(action: ReserveSlots) -> Write:
    """Send what changes only: the ledger is as long as the cluster is busy."""
    taken = {node: slot.text() for node, slot in action.taken.items()}
    if not action.resource_version:
        metadata = {"name": names.LEDGER, "labels": {names.MANAGED_BY: names.MANAGED_BY_VALUE}}
        body = {"apiVersion": "v1", "kind": CONFIG_MAPS.kind, "metadata": metadata, "data": taken}
        return Write(Verb.CREATE, CONFIG_MAPS, names.LEDGER, body)
    data = {**dict.fromkeys(action.released), **taken}
    body = {**_at(action.resource_version), "data": data}
    return Write(Verb.MERGE, CONFIG_MAPS, names.LEDGER, body)


@render_write.register
def _(action: WriteNodeStatus) -> Write:
    body = {**_at(action.resource_version), "status": _replacing(action.status)}
    return Write(Verb.MERGE_STATUS, WASM_NODES, action.name, body)


@render_write.register
def _(action: WriteRuntimeStatus) -> Write:
    body = {**_at(action.resource_version), "status": _replacing(action.status)}
    return Write(Verb.MERGE_STATUS, WASM_RUNTIMES, action.name, body)


@render_write.register
def _(action: DeletePod) -> Write:
    return Write(Verb.DELETE, PODS, action.name, uid=action.uid)


@render_write.register
def _(action: SetFinalizers) -> Write:
    body = _at(action.resource_version)
    body["metadata"]["finalizers"] = list(action.finalizers)
    return Write(Verb.MERGE, WASM_RUNTIMES, action.name, body)


@render_write.register
def _(action: LabelNode) -> Write:
    operations = [_test("/metadata/uid", action.uid)]
    if not action.had_labels:
        operations += _new_map("/metadata/labels")
    for key, value in sorted(action.changes.items()):
        path = f"/metadata/labels/{_escaped(key)}"
        change = {"op": "remove"} if value is None else {"op": "add", "value": value}
        operations.append({**change, "path": path})
    return Write(Verb.PATCH_METADATA, NODES, action.name, operations)


_UNSCHEDULABLE: Final = "/spec/unschedulable"
_MARK: Final = f"/metadata/annotations/{names.CORDONED.replace('/', '~1')}"


@render_write.register
def _(action: CordonNode) -> Write:
    """To test for null is to test that the field is not set: nobody cordoned the node before us."""
    operations = [_test("/metadata/uid", action.uid), _test(_UNSCHEDULABLE, None)]
    if not action.is_annotated:
        operations += _new_map("/metadata/annotations")
    operations.append({"op": "add", "path": _MARK, "value": action.mark})
    operations.append({"op": "add", "path": _UNSCHEDULABLE, "value": True})
    return Write(Verb.PATCH, NODES, action.name, operations)


@render_write.register
def _(action: UncordonNode) -> Write:
    operations = [
        _test("/metadata/uid", action.uid),
        _test(_MARK, action.mark),
        _test(_UNSCHEDULABLE, True if action.is_cordoned else None),
        {"op": "remove", "path": _MARK},
    ]
    if action.is_cordoned:
        operations.append({"op": "remove", "path": _UNSCHEDULABLE})
    return Write(Verb.PATCH, NODES, action.name, operations)


@render_write.register
def _(action: LiftTaints) -> Write:
    """The last ones first: each removal moves what comes after it."""
    operations = [_test("/metadata/uid", action.uid)]
    for place, taint in sorted(action.taints, reverse=True):
        path = f"/spec/taints/{place}"
        operations.append(_test(f"{path}/key", taint.key))
        operations.append(_test(f"{path}/effect", taint.effect))
        operations.append({"op": "remove", "path": path})
    return Write(Verb.PATCH, NODES, action.name, operations)


def _test(path: str, value: object) -> Raw:
    return {"op": "test", "path": path, "value": value}


def _new_map(path: str) -> list[Raw]:
    """Return what makes room for a first key; where others came first it must not empty theirs."""
    return [_test(path, None), {"op": "add", "path": path, "value": {}}]


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


@render_write.register
def _(action: DeleteWasmNode) -> Write:
    version = action.resource_version
    return Write(Verb.DELETE, WASM_NODES, action.name, uid=action.uid, resource_version=version)


@render_write.register
def _(action: DeleteJob) -> Write:
    return Write(Verb.DELETE, JOBS, action.name, uid=action.uid)


@render_write.register
def _(action: DeleteRuntimeClass) -> Write:
    return Write(Verb.DELETE, RUNTIME_CLASSES, action.name, uid=action.uid)


@render_write.register
def _(action: CreateRevision) -> Write:
    owner = {
        "apiVersion": names.API_VERSION,
        "kind": WASM_RUNTIMES.kind,
        "name": action.runtime,
        "uid": action.runtime_uid,
        "controller": True,
    }
    labels = {names.MANAGED_BY: names.MANAGED_BY_VALUE, names.RUNTIME: action.runtime}
    body = {
        "apiVersion": "apps/v1",
        "kind": CONTROLLER_REVISIONS.kind,
        "metadata": {"name": action.name, "labels": labels, "ownerReferences": [owner]},
        "revision": action.number,
        "data": {"patch": [dict(operation) for operation in action.patch]},
    }
    return Write(Verb.CREATE, CONTROLLER_REVISIONS, action.name, body)


@render_write.register
def _(action: NumberRevision) -> Write:
    body = {**_at(action.resource_version), "revision": action.number}
    return Write(Verb.MERGE, CONTROLLER_REVISIONS, action.name, body)


@render_write.register
def _(action: DeleteRevision) -> Write:
    return Write(Verb.DELETE, CONTROLLER_REVISIONS, action.name, uid=action.uid)


@render_write.register
def _(action: ApplyRuntimeClass) -> Write:
    return Write(Verb.APPLY, RUNTIME_CLASSES, action.name, dict(action.manifest))


@render_write.register
def _(action: ReleaseRuntimeClass) -> Write:
    """Applied on the server's side, what we do not name any more is given up."""
    body = {
        "apiVersion": "node.k8s.io/v1",
        "kind": RUNTIME_CLASSES.kind,
        "metadata": {"name": action.name},
        "handler": action.handler,
    }
    return Write(Verb.APPLY, RUNTIME_CLASSES, action.name, body)


@render_write.register
def _(action: DisownRuntimeClass) -> Write:
    owner = f"/metadata/ownerReferences/{action.shim.place}"
    operations = [
        _test("/metadata/uid", action.uid),
        _test(f"{owner}/uid", action.shim.uid),
        {"op": "remove", "path": owner},
    ]
    if action.has_shim_label:
        operations.append({"op": "remove", "path": f"/metadata/labels/{_escaped(action.name)}"})
    return Write(Verb.PATCH, RUNTIME_CLASSES, action.name, operations)


def render_event(event: EmitEvent, time: str) -> Write:
    """Return the request for an Event; those about cluster-scoped objects live in `default`."""
    body = {
        "apiVersion": "v1",
        "kind": EVENTS.kind,
        "metadata": {
            "generateName": f"{event.name[:_EVENT_NAME]}.",
            "namespace": EVENTS.namespace,
        },
        "involvedObject": {
            "apiVersion": event.api_version,
            "kind": event.kind,
            "name": event.name,
            "uid": event.uid,
        },
        "type": event.type.value,
        "reason": event.reason,
        "message": event.message[:_EVENT_MESSAGE],
        "firstTimestamp": time,
        "lastTimestamp": time,
        "count": 1,
        "source": {"component": names.FIELD_MANAGER},
    }
    return Write(Verb.CREATE, EVENTS, "", body)


def _plain(model: ApiModel) -> Raw:
    return model.model_dump(mode="json", by_alias=True)


def _at(resource_version: str) -> Raw:
    """Begin a merge patch that is refused if the object is newer than we know it."""
    return {"metadata": {"resourceVersion": resource_version}}


def _replacing(model: ApiModel) -> Raw:
    """Return all fields, with null for what is absent: a merge patch removes it then.

    Lists are replaced as a whole, so within them an absent field is left out.
    """
    return {
        key: _without_nulls(value) if isinstance(value, list) else value
        for key, value in _plain(model).items()
    }


def _without_nulls(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    match value:
        case Mapping():
            return {key: _without_nulls(item) for key, item in value.items() if item is not None}
        case str():
            return value
        case Sequence():
            return [_without_nulls(item) for item in value]
        case _:
            return value
