"""Say why a run is admitted, for people and for those who decide how it is done."""

from collections.abc import Set as AbstractSet

from wasmwright_operator import names
from wasmwright_operator.api.wasmnode import Cause
from wasmwright_operator.fleet.drift import Rerun
from wasmwright_operator.fleet.targets import Target
from wasmwright_operator.records import WasmNodeRecord


def cause_of(target: Target, differences: AbstractSet[str], rerun: Rerun | None) -> Cause:
    """Return the strongest cause: what is to change, what a person asked for, then the rest."""
    wasm_node = target.wasm_node
    if wasm_node is None:
        return Cause.INSTALL
    if differences:
        return _of_change(target, wasm_node, differences)
    if target.node.wish(names.REINSTALL) not in {"", wasm_node.spec.reinstall_token}:
        return Cause.REINSTALL
    if wasm_node.has_drifted:
        return Cause.DRIFTED
    return rerun.cause if rerun is not None else Cause.RETRY


def _of_change(target: Target, wasm_node: WasmNodeRecord, differences: AbstractSet[str]) -> Cause:
    present = {entry.name for entry in wasm_node.spec.runtimes}
    wanted = {entry.name for entry in target.entries}
    if not differences & present:
        return Cause.INSTALL
    return Cause.REMOVE if not differences & wanted else Cause.UPDATE
