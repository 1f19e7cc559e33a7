"""The condition Progressing: who changes now, who comes next, and what holds back the others."""

from datetime import datetime

from wasmwright_operator import names
from wasmwright_operator.api.rollout import RolloutPhase
from wasmwright_operator.conditions import capped
from wasmwright_operator.fleet.rollout.telling import Hold, hold_of
from wasmwright_operator.fleet.shortage import tell
from wasmwright_operator.fleet.status.findings import Findings, Told
from wasmwright_operator.fleet.survey import Survey


def progressing(findings: Findings, now: datetime) -> Told:
    """Return who changes now or will, and else what is waited for."""
    found, summary = findings.survey, findings.summary
    if found.updating or found.removing:
        moving = capped([*found.updating, *found.removing])
        return "Progressing", True, "NodesUpdating", f"{summary}; changing: {moving}"
    if found.coming or tell(found.waiting, findings.runtime.name):
        holds, reason, told = outlook(findings, now)
        return "Progressing", holds, reason, f"{summary}; {told}"
    if found.paused:
        return "Progressing", False, "NodesPaused", f"{summary}; {tell_paused(found)}"
    if found.not_ready:
        return "Progressing", False, "NodesNotReady", f"{summary}; {tell_not_ready(found)}"
    if found.failed or found.drifted or found.blocked:
        waiting = capped([*found.failed, *found.drifted, *found.blocked])
        return "Progressing", True, "Retrying", f"{summary}; to be tried again: {waiting}"
    return "Progressing", False, "Complete", summary


def outlook(findings: Findings, now: datetime) -> Hold:
    """Tell what holds back nodes that wait for their turn, or who comes next."""
    found, rollout = findings.survey, findings.rollout
    hold = hold_of(findings.runtime, rollout, now)
    exhausted = tell(found.waiting, findings.runtime.name)
    if exhausted and (hold is None or rollout.status.phase is RolloutPhase.CANARY):
        down = [*found.unavailable, *found.absent]
        told = f"; unavailable now: {capped(down)}" if down else ""
        return False, "BudgetExhausted", f"{exhausted}{told}"
    return hold or (True, "NodesPending", f"next: {capped(found.coming)}")


def tell_paused(found: Survey) -> str:
    """Say which nodes people have paused."""
    return f"paused by {names.PAUSED}: {capped(found.paused)}"


def tell_not_ready(found: Survey) -> str:
    """Say which nodes are waited for."""
    return f"waiting for nodes to be Ready: {capped(found.not_ready)}"
