"""What people read on a WasmNode: its summary and conditions, as its other fields call for."""

from collections.abc import Iterator
from datetime import datetime

from wasmwright_operator.actions import WriteNodeStatus
from wasmwright_operator.api.meta import Condition
from wasmwright_operator.api.wasmnode import NodeState, WasmNodeStatus
from wasmwright_operator.conditions import capped, condition, with_times
from wasmwright_operator.node.adoptable import adoptable, left_by
from wasmwright_operator.records import WasmNodeRecord


def described(
    record: WasmNodeRecord, status: WasmNodeStatus, now: datetime, *, note: str = ""
) -> WasmNodeStatus:
    """Return a status with the summary and conditions that its other fields call for.

    The note says what a run that is under way waits for.
    """
    told = ", ".join(f"{item.name} {item.state}" for item in status.runtimes)
    status = status.model_copy(update={"summary": told or _without_runtimes(record)})
    found = tuple(adoptable(record, status))
    note = note or (found[0].message if status.state is NodeState.ADOPTABLE and found else "")
    conditions = (_accepted(record), _ready(record, status, note), *found)
    dated = with_times(record.status.conditions, conditions, now)
    return status.model_copy(update={"conditions": dated})


def _without_runtimes(record: WasmNodeRecord) -> str:
    waiting = ", ".join(f"{entry.name} pending" for entry in record.spec.runtimes)
    refused = ", ".join(f"{item.name} refused" for item in record.spec.refused)
    return waiting or refused or left_by(record)


def _accepted(record: WasmNodeRecord) -> Condition:
    refused = record.spec.refused
    message = "; ".join(item.message for item in refused)
    return condition(
        "Accepted",
        holds=not refused,
        reason=refused[0].reason if refused else "AllKnown",
        message=message or "everything that the node asks for can be had",
        generation=record.generation,
    )


def _ready(record: WasmNodeRecord, status: WasmNodeStatus, note: str) -> Condition:
    refused, error = record.spec.refused, status.last_error
    holds, reason, message = False, status.state.value, note or _names(record)
    if status.state in {NodeState.APPLYING, NodeState.DRAINING, NodeState.ORPHANED}:
        pass
    elif error is not None:
        reason, message = error.reason, error.message
    elif status.state is NodeState.READY:
        holds, message = True, status.summary
    elif refused and not record.spec.runtimes:
        reason, message = refused[0].reason, "; ".join(item.message for item in refused)
    return condition(
        "Ready", holds=holds, reason=reason, message=message, generation=record.generation
    )


def _names(record: WasmNodeRecord) -> str:
    return capped(entry.name for entry in record.spec.runtimes)


def write_status(record: WasmNodeRecord, status: WasmNodeStatus) -> Iterator[WriteNodeStatus]:
    """Yield the write of a status, if it is to change."""
    if status != record.status:
        yield WriteNodeStatus(record.name, record.resource_version, status)
