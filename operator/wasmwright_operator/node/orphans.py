"""A node that went away with something of ours on it, for which no WasmRuntime stands any more."""

from wasmwright_operator.api.wasmnode import NodeState, WasmNodeStatus
from wasmwright_operator.conditions import capped
from wasmwright_operator.records import NodeRecord, WasmNodeRecord


def orphaned(
    node: NodeRecord, record: WasmNodeRecord, status: WasmNodeStatus
) -> tuple[WasmNodeStatus, str]:
    """Return the status with the state that this calls for, and what is to be said of it.

    When the node is back, or somebody stands for what it has, the state is again that of its last
    run, until the next one.
    """
    if record.gone and not node.is_ready:
        note = f"{capped(record.gone)}: to be removed when the node is Ready again"
        return status.model_copy(update={"state": NodeState.ORPHANED}), note
    if status.state is not NodeState.ORPHANED:
        return status, ""
    return status.model_copy(update={"state": _state_of_last_run(status)}), ""


def _state_of_last_run(status: WasmNodeStatus) -> NodeState:
    if status.last_error is not None:
        return NodeState.FAILED
    return NodeState.READY if status.runtimes else NodeState.PENDING
