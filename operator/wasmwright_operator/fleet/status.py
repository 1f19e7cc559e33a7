"""What a WasmRuntime's status says, and what is worth an Event."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from wasmwright_operator import names
from wasmwright_operator.actions import EmitEvent, EventType, WriteRuntimeStatus
from wasmwright_operator.api.meta import Condition, ConditionStatus
from wasmwright_operator.api.rollout import RolloutPhase
from wasmwright_operator.api.runtime_status import NodeCounts, WasmRuntimeStatus
from wasmwright_operator.conditions import capped, condition, find, with_times
from wasmwright_operator.fleet.acceptance import Acceptance
from wasmwright_operator.fleet.classes import ClassPlan, needed_nodes
from wasmwright_operator.fleet.events import drift_events, runtime_event
from wasmwright_operator.fleet.obstacles import deletion_blocked
from wasmwright_operator.fleet.removal import Removal
from wasmwright_operator.fleet.rollout import Rollout
from wasmwright_operator.fleet.rollout.telling import Hold, hold_of, rollout_events
from wasmwright_operator.fleet.shortage import tell
from wasmwright_operator.fleet.survey import Survey
from wasmwright_operator.fleet.trust import UNVERIFIED, recorded, tell_unverified
from wasmwright_operator.records import RuntimeRecord
from wasmwright_operator.records.wasmnode import DRAIN_FAILED

_ORDER_BUG: Final = "ContainerdHandlerOrderBug"
_DRIFTED: Final = "NodesDrifted"

_TOLD_ELSEWHERE: Final = frozenset({_DRIFTED, UNVERIFIED})
"""Reasons that have events of their own, or that nobody has to act on before a node asks."""

_EVENTS: Final = {
    ("Degraded", ConditionStatus.TRUE): (EventType.WARNING, "InstallFailed"),
    ("Accepted", ConditionStatus.FALSE): (EventType.WARNING, "Conflict"),
    ("RuntimeClassReady", ConditionStatus.TRUE): (EventType.NORMAL, "RuntimeClassReady"),
    ("DeletionBlocked", ConditionStatus.TRUE): (EventType.WARNING, "DeletionBlocked"),
    (UNVERIFIED, ConditionStatus.TRUE): (EventType.WARNING, UNVERIFIED),
    (_ORDER_BUG, ConditionStatus.TRUE): (EventType.WARNING, _ORDER_BUG),
}
"""Transitions that a person wants to be told; everything else is in the conditions."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What one plan found out about one runtime."""

    runtime: RuntimeRecord
    acceptance: Acceptance
    survey: Survey
    rollout: Rollout
    classes: ClassPlan = field(default_factory=ClassPlan)
    removal: Removal = field(default_factory=Removal)

    @property
    def summary(self) -> str:
        """How many of the nodes that are to have it serve it, and how many its target revision."""
        ready, updated = len(self.survey.ready), len(self.survey.updated)
        told = f"{ready}/{self.survey.targeted} ready"
        return told if ready == updated else f"{told}, {updated}/{self.survey.targeted} updated"


def plan_status(findings: Findings, now: datetime) -> Iterator[WriteRuntimeStatus]:
    """Yield the write of the status, if it is to change."""
    runtime = findings.runtime
    status = WasmRuntimeStatus(
        observed_generation=runtime.generation,
        handler=runtime.handler,
        nodes=_counts(findings),
        summary=findings.summary,
        failures=findings.survey.first_failures,
        target_revision=findings.rollout.target,
        stable_revision=findings.rollout.stable,
        rollout=findings.rollout.status,
        digests=recorded(runtime, findings.survey.holders),
        excluded=findings.survey.first_excluded,
        conditions=with_times(runtime.status.conditions, _conditions(findings, now), now),
    )
    if status != runtime.status:
        yield WriteRuntimeStatus(
            name=runtime.name,
            resource_version=runtime.resource_version,
            status=status,
            is_urgent=_gist(status) != _gist(runtime.status),
            events=(*_events(runtime, status), *drift_events(runtime, status)),
        )


def _counts(findings: Findings) -> NodeCounts:
    orphaned = len(findings.removal.orphaned)
    return findings.survey.counts.model_copy(update={"orphaned": orphaned})


def _gist(status: WasmRuntimeStatus) -> tuple[object, ...]:
    """Return what people, and later plans, wait for."""
    bare = status.rollout.model_copy(update={"updated": 0, "progressed_at": ""})
    conditions = [(item.type, item.status, item.reason) for item in status.conditions]
    return bare, status.stable_revision, conditions


def _conditions(findings: Findings, now: datetime) -> Iterator[Condition]:
    told = [
        _accepted(findings.acceptance),
        _progressing(findings, now),
        _ready(findings, now),
        _available(findings),
        _degraded(findings),
        _halted(findings),
        _runtime_class_ready(findings),
    ]
    unverified = tell_unverified(findings.runtime, findings.survey.holders)
    if unverified and findings.acceptance.is_accepted:
        told.append((UNVERIFIED, True, *unverified))
    if findings.survey.with_order_bug:
        told.append(_order_bug(findings.survey))
    if findings.runtime.deleting:
        told.append(deletion_blocked(findings.runtime, findings.removal))
    for kind, holds, reason, message in told:
        yield condition(
            kind,
            holds=holds,
            reason=reason,
            message=message,
            generation=findings.runtime.generation,
        )


Told = tuple[str, bool | None, str, str]


def _accepted(acceptance: Acceptance) -> Told:
    return "Accepted", acceptance.is_accepted, acceptance.reason, acceptance.message


def _progressing(findings: Findings, now: datetime) -> Told:
    found, summary = findings.survey, findings.summary
    if found.updating or found.removing:
        moving = capped([*found.updating, *found.removing])
        return "Progressing", True, "NodesUpdating", f"{summary}; changing: {moving}"
    if found.coming or tell(found.waiting, findings.runtime.name):
        holds, reason, told = _outlook(findings, now)
        return "Progressing", holds, reason, f"{summary}; {told}"
    if found.paused:
        return "Progressing", False, "NodesPaused", f"{summary}; {_paused(found)}"
    if found.not_ready:
        return "Progressing", False, "NodesNotReady", f"{summary}; {_down(found)}"
    if found.failed or found.drifted or found.blocked:
        waiting = capped([*found.failed, *found.drifted, *found.blocked])
        return "Progressing", True, "Retrying", f"{summary}; to be tried again: {waiting}"
    return "Progressing", False, "Complete", summary


def _outlook(findings: Findings, now: datetime) -> Hold:
    """Tell what holds back nodes that wait for their turn, or who comes next."""
    found, rollout = findings.survey, findings.rollout
    hold = hold_of(findings.runtime, rollout, now)
    exhausted = tell(found.waiting, findings.runtime.name)
    if exhausted and (hold is None or rollout.status.phase is RolloutPhase.CANARY):
        down = [*found.unavailable, *found.absent]
        told = f"; unavailable now: {capped(down)}" if down else ""
        return False, "BudgetExhausted", f"{exhausted}{told}"
    return hold or (True, "NodesPending", f"next: {capped(found.coming)}")


def _ready(findings: Findings, now: datetime) -> Told:
    kind, found, acceptance = "Ready", findings.survey, findings.acceptance
    if findings.runtime.deleting:
        return kind, False, "Removing", f"being removed from {len(found.holders)} nodes"
    if not acceptance.is_accepted:
        return kind, False, acceptance.reason, acceptance.message
    _, outlook, told_of_it = _outlook(findings, now)
    for nodes, reason, told in (
        (_stuck(findings), "Halted", findings.rollout.status.halted_message),
        (found.failed, _failure_reason(findings), _failures(findings)),
        (found.drifted, _DRIFTED, _failures(findings)),
        (found.blocked, "NodesBlocked", _failures(findings)),
        (found.updating, "NodesUpdating", f"changing: {capped(found.updating)}"),
        (found.coming, outlook, told_of_it),
        (found.paused, "NodesPaused", _paused(found)),
        (found.not_ready, "NodesNotReady", _down(found)),
    ):
        if nodes:
            return kind, False, reason, f"{findings.summary}; {told}"
    if not found.targeted:
        return kind, False, "NoEligibleNodes", _nobody(found)
    return kind, True, "AllNodesReady", findings.summary


def _nobody(found: Survey) -> str:
    if not found.excluded:
        return "no node asks for it or is selected"
    told = capped(f"{item.node} ({item.reason})" for item in found.excluded)
    return f"every node that asks for it or is selected is excluded: {told}"


def _down(found: Survey) -> str:
    return f"waiting for nodes to be Ready: {capped(found.not_ready)}"


def _paused(found: Survey) -> str:
    return f"paused by {names.PAUSED}: {capped(found.paused)}"


def _order_bug(found: Survey) -> Told:
    nodes = found.with_order_bug
    message = (
        f"{len(nodes)} nodes have containerd 2.1.0 to 2.1.3, which lists handlers in another order"
        " each time, so that kubelets rewrite their Node every few seconds: update containerd to"
        f" 2.1.4 or later on {capped(nodes)}"
    )
    return _ORDER_BUG, True, "UpdateContainerd", message


def _stuck(findings: Findings) -> bool:
    """Tell whether nodes are without the target revision and none of them begins any more."""
    is_halted = findings.rollout.status.phase is RolloutPhase.HALTED
    return is_halted and len(findings.survey.updated) < findings.survey.targeted


def _halted(findings: Findings) -> Told:
    status = findings.rollout.status
    if not status.halted_reason:
        return "Halted", False, "NotHalted", "nothing holds the rollout up for good"
    return "Halted", True, status.halted_reason, status.halted_message


def _failure_reason(findings: Findings) -> str:
    """Return the one reason that all failed nodes share, since that says more."""
    failed = set(findings.survey.failed)
    reasons = {item.reason for item in findings.survey.failures if item.node in failed}
    return reasons.pop() if len(reasons) == 1 else "NodesFailed"


def _failures(findings: Findings) -> str:
    shown = capped(f"{item.node} ({item.reason})" for item in findings.survey.failures)
    return f"{len(findings.survey.failures)} not done: {shown}"


def _available(findings: Findings) -> Told:
    found, classes = findings.survey, findings.classes
    needed = needed_nodes(findings.runtime, found.targeted)
    if len(found.ready) < max(1, needed):
        return "Available", False, "NotEnoughNodes", f"{findings.summary}, {needed} needed"
    if not classes.present:
        return "Available", False, "NoRuntimeClass", f"{findings.summary}, but no RuntimeClass"
    usable = ", ".join(classes.present)
    return "Available", True, "Usable", f"{findings.summary}; runtimeClassName: {usable}"


def _degraded(findings: Findings) -> Told:
    kind, found = "Degraded", findings.survey
    for nodes, reason in (
        (found.failed, _failure_reason(findings)),
        (found.drifted, _DRIFTED),
        (found.blocked, "NodesBlocked"),
        (found.unsupported, "NodesUnsupported"),
    ):
        if nodes:
            return kind, True, reason, f"{findings.summary}; {_failures(findings)}"
    return kind, False, "AsExpected", findings.summary


def _runtime_class_ready(findings: Findings) -> Told:
    kind, classes = "RuntimeClassReady", findings.classes
    if classes.conflicts:
        return kind, False, "Conflict", "; ".join(classes.conflicts)
    if findings.runtime.deleting:
        return kind, False, "Removing", "no new pods are sent to nodes"
    if not findings.acceptance.is_accepted:
        return kind, False, findings.acceptance.reason, findings.acceptance.message
    if classes.waiting:
        needed = needed_nodes(findings.runtime, findings.survey.targeted)
        waiting = ", ".join(classes.waiting)
        return kind, False, "WaitingForNodes", f"{findings.summary}, {needed} needed for {waiting}"
    return kind, True, "Created", ", ".join(classes.present) or "none is asked for"


def _events(runtime: RuntimeRecord, status: WasmRuntimeStatus) -> Iterator[EmitEvent]:
    for told in rollout_events(runtime, status):
        yield runtime_event(runtime, *told)
    for item in status.conditions:
        before = find(runtime.status.conditions, item.type)
        known = None if item.reason in _TOLD_ELSEWHERE else _EVENTS.get((item.type, item.status))
        if known is not None and (before is None or before.status != item.status):
            kind, reason = known
            reason = DRAIN_FAILED if item.reason == DRAIN_FAILED else reason
            yield runtime_event(runtime, kind, reason, f"{item.reason}: {item.message}")
        if item.reason == "NodesOrphaned" and (before is None or before.reason != item.reason):
            message = f"{item.reason}: {item.message}"
            yield runtime_event(runtime, EventType.WARNING, item.reason, message)
