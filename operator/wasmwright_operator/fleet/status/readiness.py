"""The conditions Ready and Degraded: what keeps nodes from serving what they are to have."""

from datetime import datetime
from typing import Final

from wasmwright_operator.api.rollout import RolloutPhase
from wasmwright_operator.conditions import capped
from wasmwright_operator.fleet.status.findings import Findings, Told
from wasmwright_operator.fleet.status.progress import outlook, tell_not_ready, tell_paused
from wasmwright_operator.fleet.survey import Survey

NODES_DRIFTED: Final = "NodesDrifted"


def ready(findings: Findings, now: datetime) -> Told:
    """Return whether all nodes that are to have it serve what they should, else what is missing."""
    kind, found, acceptance = "Ready", findings.survey, findings.acceptance
    if findings.runtime.deleting:
        return kind, False, "Removing", f"being removed from {len(found.holders)} nodes"
    if not acceptance.is_accepted:
        return kind, False, acceptance.reason, acceptance.message
    _, hold, held_up = outlook(findings, now)
    for nodes, reason, told in (
        (_stuck(findings), "Halted", findings.rollout.status.halted_message),
        (found.failed, _failure_reason(findings), _failures(findings)),
        (found.drifted, NODES_DRIFTED, _failures(findings)),
        (found.blocked, "NodesBlocked", _failures(findings)),
        (found.updating, "NodesUpdating", f"changing: {capped(found.updating)}"),
        (found.coming, hold, held_up),
        (found.paused, "NodesPaused", tell_paused(found)),
        (found.not_ready, "NodesNotReady", tell_not_ready(found)),
    ):
        if nodes:
            return kind, False, reason, f"{findings.summary}; {told}"
    if not found.targeted:
        return kind, False, "NoEligibleNodes", _nobody(found)
    return kind, True, "AllNodesReady", findings.summary


def degraded(findings: Findings) -> Told:
    """Return whether something went wrong on nodes."""
    kind, found = "Degraded", findings.survey
    for nodes, reason in (
        (found.failed, _failure_reason(findings)),
        (found.drifted, NODES_DRIFTED),
        (found.blocked, "NodesBlocked"),
        (found.unsupported, "NodesUnsupported"),
    ):
        if nodes:
            return kind, True, reason, f"{findings.summary}; {_failures(findings)}"
    return kind, False, "AsExpected", findings.summary


def _nobody(found: Survey) -> str:
    if not found.excluded:
        return "no node asks for it or is selected"
    told = capped(f"{item.node} ({item.reason})" for item in found.excluded)
    return f"every node that asks for it or is selected is excluded: {told}"


def _stuck(findings: Findings) -> bool:
    """Tell whether nodes are without the target revision and none of them begins any more."""
    is_halted = findings.rollout.status.phase is RolloutPhase.HALTED
    return is_halted and len(findings.survey.updated) < findings.survey.targeted


def _failure_reason(findings: Findings) -> str:
    """Return the one reason that all failed nodes share, since that says more."""
    failed = set(findings.survey.failed)
    reasons = {item.reason for item in findings.survey.failures if item.node in failed}
    return reasons.pop() if len(reasons) == 1 else "NodesFailed"


def _failures(findings: Findings) -> str:
    shown = capped(f"{item.node} ({item.reason})" for item in findings.survey.failures)
    return f"{len(findings.survey.failures)} not done: {shown}"
