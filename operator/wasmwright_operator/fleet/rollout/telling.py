"""What people are told of a rollout: why nodes wait, and what is worth an Event."""

from collections.abc import Iterator
from datetime import datetime

from wasmwright_operator import names
from wasmwright_operator.actions import EventType
from wasmwright_operator.api.rollout import RolloutPhase, RolloutStatus
from wasmwright_operator.api.runtime_status import WasmRuntimeStatus
from wasmwright_operator.conditions import capped, rfc3339
from wasmwright_operator.fleet.rollout.judgement import Rollout
from wasmwright_operator.fleet.window import next_opening
from wasmwright_operator.records import RuntimeRecord

Hold = tuple[bool, str, str]
"""Whether the rollout goes on by itself, one CamelCase word, and a sentence."""

Told = tuple[EventType, str, str]


def hold_of(runtime: RuntimeRecord, rollout: Rollout, now: datetime) -> Hold | None:
    """Return why nodes that wait for their turn do not get it, None if they do."""
    match rollout.status.phase:
        case RolloutPhase.HALTED:
            hold = False, rollout.status.halted_reason, rollout.status.halted_message
        case RolloutPhase.PAUSED:
            hold = False, "Paused", _paused(runtime)
        case RolloutPhase.CANARY:
            hold = _canary(rollout)
        case RolloutPhase.SOAKING:
            hold = True, "Soaking", _soaking(runtime, rollout)
        case RolloutPhase.AWAITING_APPROVAL:
            hold = False, "AwaitingApproval", _approval(rollout)
        case RolloutPhase.WAITING_FOR_WINDOW:
            hold = False, "WaitingForWindow", _window(runtime, now)
        case RolloutPhase.ROLLING | RolloutPhase.COMPLETE:
            return None
    return hold


def _paused(runtime: RuntimeRecord) -> str:
    is_own = runtime.spec is not None and runtime.spec.rollout.paused
    return "spec.rollout.paused is set" if is_own else "the chart's value rollout.paused is set"


def _soaking(runtime: RuntimeRecord, rollout: Rollout) -> str:
    canary = runtime.spec.rollout.canary if runtime.spec else None
    soak = canary.soak if canary else "0"
    since = rollout.status.canary_ready_since
    return f"canaries are good since {since} and watched for {soak}: {capped(rollout.canaries)}"


def _approval(rollout: Rollout) -> str:
    return (
        f"canaries are good: {capped(rollout.canaries)}; set the annotation {names.PROMOTE} to"
        f" {rollout.target} to go on"
    )


def _window(runtime: RuntimeRecord, now: datetime) -> str:
    window = runtime.spec.rollout.window if runtime.spec else None
    opens = rfc3339(next_opening(window, now)) if window else ""
    return f"spec.rollout.window opens at {opens}"


def _canary(rollout: Rollout) -> Hold:
    if rollout.canaries:
        return True, "AwaitingCanary", f"first the canaries: {capped(rollout.canaries)}"
    message = (
        "no node that is to have the runtime matches spec.rollout.canary.selector; label one, or"
        " change the selector"
    )
    return False, "NoCanary", message


def rollout_events(runtime: RuntimeRecord, status: WasmRuntimeStatus) -> Iterator[Told]:
    """Yield the transitions of a rollout that a person wants to be told."""
    before, after = runtime.status.rollout, status.rollout
    revision = after.revision
    is_new = before.revision != revision
    if is_new and revision:
        yield EventType.NORMAL, "RolloutStarted", f"revision {revision} is the target now"
    if after.canary_passed and not before.canary_passed and after.canary_ready_since:
        yield EventType.NORMAL, "CanaryPassed", f"revision {revision} proved good on the canaries"
    if after.halted_reason and (is_new or not before.halted_reason):
        message = f"{after.halted_reason}: {after.halted_message}"
        yield EventType.WARNING, "RolloutHalted", message
    if _is_resumed(before, after):
        yield EventType.NORMAL, "Resumed", f"the rollout of revision {revision} goes on"
    if status.stable_revision != runtime.status.stable_revision:
        yield EventType.NORMAL, "RolloutComplete", f"{status.summary} with revision {revision}"


def _is_resumed(before: RolloutStatus, after: RolloutStatus) -> bool:
    is_same = before.revision == after.revision
    is_unpaused = before.phase is RolloutPhase.PAUSED and after.phase is not RolloutPhase.PAUSED
    return is_same and (is_unpaused or bool(before.halted_reason and not after.halted_reason))
