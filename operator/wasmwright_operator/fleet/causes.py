"""Say why a run is admitted, for people and for those who decide how it is done."""

from wasmwright_operator import names
from wasmwright_operator.api.wasmnode import Cause
from wasmwright_operator.fleet.allotment import Allotted
from wasmwright_operator.fleet.reruns import Rerun
from wasmwright_operator.fleet.targets import Target
from wasmwright_operator.records import WasmNodeRecord


def cause_of(target: Target, allotted: Allotted, rerun: Rerun | None) -> Cause:
    """Return the strongest cause: what is to change, what a person asked for, then the rest."""
    wasm_node = target.wasm_node
    if wasm_node is None:
        return Cause.INSTALL
    if allotted.differences:
        return _of_change(wasm_node, allotted)
    if target.node.wish(names.REINSTALL) not in {"", wasm_node.spec.reinstall_token}:
        return Cause.REINSTALL
    if wasm_node.has_drifted:
        return Cause.DRIFTED
    return rerun.cause if rerun is not None else Cause.RETRY


def _of_change(wasm_node: WasmNodeRecord, allotted: Allotted) -> Cause:
    present = {entry.name for entry in wasm_node.spec.runtimes}
    wanted = {entry.name for entry in allotted.entries}
    if not allotted.differences & present:
        return Cause.INSTALL
    return Cause.REMOVE if not allotted.differences & wanted else Cause.UPDATE
