"""What is worth an Event on a WasmRuntime."""

from collections.abc import Iterator
from typing import Final

from wasmwright_operator import names
from wasmwright_operator.actions import EmitEvent, EventType
from wasmwright_operator.api.meta import Condition, ConditionStatus
from wasmwright_operator.api.runtime_status import WasmRuntimeStatus
from wasmwright_operator.api.wasmnode import DRIFTED
from wasmwright_operator.conditions import capped, find
from wasmwright_operator.fleet.rollout.telling import rollout_events
from wasmwright_operator.fleet.status.conditions import ORDER_BUG
from wasmwright_operator.fleet.status.readiness import NODES_DRIFTED
from wasmwright_operator.fleet.trust import UNVERIFIED
from wasmwright_operator.records import RuntimeRecord
from wasmwright_operator.records.wasmnode import DRAIN_FAILED

_TOLD_ELSEWHERE: Final = frozenset({NODES_DRIFTED, UNVERIFIED})
"""Reasons that have events of their own, or that nobody has to act on before a node asks."""

_EVENTS: Final = {
    ("Degraded", ConditionStatus.TRUE): (EventType.WARNING, "InstallFailed"),
    ("Accepted", ConditionStatus.FALSE): (EventType.WARNING, "Conflict"),
    ("RuntimeClassReady", ConditionStatus.TRUE): (EventType.NORMAL, "RuntimeClassReady"),
    ("DeletionBlocked", ConditionStatus.TRUE): (EventType.WARNING, "DeletionBlocked"),
    (UNVERIFIED, ConditionStatus.TRUE): (EventType.WARNING, UNVERIFIED),
    (ORDER_BUG, ConditionStatus.TRUE): (EventType.WARNING, ORDER_BUG),
}
"""Transitions that a person wants to be told; everything else is in the conditions."""


def events_of(runtime: RuntimeRecord, status: WasmRuntimeStatus) -> Iterator[EmitEvent]:
    """Yield the transitions that people want to be told."""
    for told in rollout_events(runtime, status):
        yield _event(runtime, *told)
    for item in status.conditions:
        yield from _transitions(runtime, find(runtime.status.conditions, item.type), item)
    yield from _drift_events(runtime, status)


def _transitions(
    runtime: RuntimeRecord, before: Condition | None, item: Condition
) -> Iterator[EmitEvent]:
    message = f"{item.reason}: {item.message}"
    known = None if item.reason in _TOLD_ELSEWHERE else _EVENTS.get((item.type, item.status))
    if known is not None and (before is None or before.status != item.status):
        kind, reason = known
        reason = DRAIN_FAILED if item.reason == DRAIN_FAILED else reason
        yield _event(runtime, kind, reason, message)
    if item.reason == "NodesOrphaned" and (before is None or before.reason != item.reason):
        yield _event(runtime, EventType.WARNING, item.reason, message)


def _drift_events(runtime: RuntimeRecord, status: WasmRuntimeStatus) -> Iterator[EmitEvent]:
    """Yield one Event when the first nodes lose what they had; how many follow is in the status."""
    if runtime.status.nodes.drifted or not status.nodes.drifted:
        return
    lost = [item for item in status.failures if item.reason == DRIFTED]
    nodes = capped(item.node for item in lost) or f"{status.nodes.drifted} nodes"
    why = lost[0].message if lost else "see the conditions of their WasmNodes"
    yield _event(runtime, EventType.WARNING, "DriftDetected", f"{nodes}: {why}")


def _event(runtime: RuntimeRecord, kind: EventType, reason: str, message: str) -> EmitEvent:
    return EmitEvent(
        api_version=names.API_VERSION,
        kind="WasmRuntime",
        name=runtime.name,
        uid=runtime.uid,
        type=kind,
        reason=reason,
        message=message,
    )
