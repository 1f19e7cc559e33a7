"""What is worth an Event on a WasmRuntime beside the transitions of its conditions."""

from collections.abc import Iterator

from wasmwright_operator import names
from wasmwright_operator.actions import EmitEvent, EventType
from wasmwright_operator.api.runtime_status import WasmRuntimeStatus
from wasmwright_operator.api.wasmnode import DRIFTED
from wasmwright_operator.conditions import capped
from wasmwright_operator.records import RuntimeRecord


def runtime_event(runtime: RuntimeRecord, kind: EventType, reason: str, message: str) -> EmitEvent:
    """Return an Event on a WasmRuntime."""
    return EmitEvent(
        api_version=names.API_VERSION,
        kind="WasmRuntime",
        name=runtime.name,
        uid=runtime.uid,
        type=kind,
        reason=reason,
        message=message,
    )


def drift_events(runtime: RuntimeRecord, status: WasmRuntimeStatus) -> Iterator[EmitEvent]:
    """Yield one Event when the first nodes lose what they had; how many follow is in the status."""
    if runtime.status.nodes.drifted or not status.nodes.drifted:
        return
    lost = [item for item in status.failures if item.reason == DRIFTED]
    nodes = capped(item.node for item in lost) or f"{status.nodes.drifted} nodes"
    why = lost[0].message if lost else "see the conditions of their WasmNodes"
    yield runtime_event(runtime, EventType.WARNING, "DriftDetected", f"{nodes}: {why}")
