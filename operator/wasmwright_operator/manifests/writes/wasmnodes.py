"""The requests about WasmNodes."""

from wasmwright_operator import names
from wasmwright_operator.actions import (
    CreateWasmNode,
    DeleteWasmNode,
    UpdateWasmNode,
    WriteNodeStatus,
)
from wasmwright_operator.kube.port import WASM_NODES
from wasmwright_operator.manifests.writes.mergepatch import at, filled, replacing
from wasmwright_operator.manifests.writes.write import Verb, Write


def create_wasm_node(action: CreateWasmNode) -> Write:
    """Return the request that makes the Node its owner."""
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
        "spec": filled(action.spec),
    }
    return Write(Verb.CREATE, WASM_NODES, action.name, body)


def update_wasm_node(action: UpdateWasmNode) -> Write:
    """Return a merge patch of the whole spec."""
    body = {**at(action.resource_version), "spec": replacing(action.spec)}
    return Write(Verb.MERGE, WASM_NODES, action.name, body)


def write_node_status(action: WriteNodeStatus) -> Write:
    """Return a merge patch of the whole status."""
    body = {**at(action.resource_version), "status": replacing(action.status)}
    return Write(Verb.MERGE_STATUS, WASM_NODES, action.name, body)


def delete_wasm_node(action: DeleteWasmNode) -> Write:
    """Return the end of a WasmNode, of this version and no newer one."""
    version = action.resource_version
    return Write(Verb.DELETE, WASM_NODES, action.name, uid=action.uid, resource_version=version)
