"""The requests about the kept revisions of WasmRuntimes."""

from wasmwright_operator import names
from wasmwright_operator.actions import CreateRevision, DeleteRevision, NumberRevision
from wasmwright_operator.kube.port import CONTROLLER_REVISIONS, WASM_RUNTIMES
from wasmwright_operator.manifests.writes.mergepatch import at
from wasmwright_operator.manifests.writes.write import Verb, Write


def create_revision(action: CreateRevision) -> Write:
    """Return the request that makes the WasmRuntime its owner."""
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


def number_revision(action: NumberRevision) -> Write:
    """Return a merge patch of the number: all else of a revision stays for ever."""
    body = {**at(action.resource_version), "revision": action.number}
    return Write(Verb.MERGE, CONTROLLER_REVISIONS, action.name, body)


def delete_revision(action: DeleteRevision) -> Write:
    """Return the end of a revision."""
    return Write(Verb.DELETE, CONTROLLER_REVISIONS, action.name, uid=action.uid)
