"""The requests about WasmRuntimes."""

from wasmwright_operator.actions import SetFinalizers, WriteRuntimeStatus
from wasmwright_operator.kube.port import WASM_RUNTIMES
from wasmwright_operator.manifests.writes.mergepatch import at, replacing
from wasmwright_operator.manifests.writes.write import Verb, Write


def write_runtime_status(action: WriteRuntimeStatus) -> Write:
    """Return a merge patch of the whole status."""
    body = {**at(action.resource_version), "status": replacing(action.status)}
    return Write(Verb.MERGE_STATUS, WASM_RUNTIMES, action.name, body)


def set_finalizers(action: SetFinalizers) -> Write:
    """Return a merge patch of the whole list."""
    body = at(action.resource_version)
    body["metadata"]["finalizers"] = list(action.finalizers)
    return Write(Verb.MERGE, WASM_RUNTIMES, action.name, body)
