"""What must be true of a node's pods before its run may start; looked at anew each time.

Nothing here is remembered between two looks but the time since when pods are being sent away, so
it does not matter where an earlier process stopped: what is done already is seen to be done.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wasmwright_installer.contract import ExitCode
from wasmwright_operator.actions import Action, EvictPod, LookAtPods, Wake, WriteNodeStatus
from wasmwright_operator.api.amounts import span
from wasmwright_operator.api.disruption import DisruptionMode
from wasmwright_operator.api.wasmnode import NodeState
from wasmwright_operator.conditions import capped, parse_time, rfc3339
from wasmwright_operator.node.cordon import cordon
from wasmwright_operator.node.description import described, write_status
from wasmwright_operator.node.outcome import Outcome
from wasmwright_operator.node.pods import Departure, blocking_pods, departure, objections
from wasmwright_operator.records import NodePod, NodeRecord, PodsLook, WasmNodeRecord
from wasmwright_operator.records.wasmnode import BLOCKING_PODS, DRAIN_FAILED

EVICTION_BLOCKED: Final = "EvictionBlocked"

_PACE: Final = timedelta(seconds=3)
"""How long a look at a node's pods is good enough while we wait for them to leave."""
_VALID: Final = timedelta(seconds=30)
"""How long it is good enough to start a run."""
_AGAIN: Final = timedelta(seconds=6)
"""How long after a refusal an eviction is tried again."""
_QUIET: Final = timedelta(seconds=30)
"""Pods that take longer than that to end are named; most containers are killed after 30 s."""


@dataclass(frozen=True, slots=True)
class Preparing:
    """The run may not start yet: what to do until then."""

    actions: tuple[Action, ...]


def prepare(
    node: NodeRecord, record: WasmNodeRecord, look: PodsLook | None, now: datetime
) -> Preparing | Outcome | None:
    """Return what is still to be done before the Job, why it will not start, or None to start it.

    When it needs a newer look at the node's pods than the last one, it asks for that first.
    """
    wish = record.disruption
    if not (wish.blocking_pods or record.leaving_pods or wish.mode is DisruptionMode.DRAIN):
        needs_cordon = wish.mode is DisruptionMode.CORDON and not node.is_unschedulable
        return Preparing((cordon(node, record),)) if needs_cordon else None
    if look is None or now - look.at > _VALID:
        return Preparing((LookAtPods(node.name),))
    return _blocked(record, look) or _cleared(node, record, look, now)


def _blocked(record: WasmNodeRecord, look: PodsLook) -> Outcome | None:
    found = blocking_pods(record.disruption.blocking_pods, look.pods)
    if not found:
        return None
    message = f"rollout.blockingPods selects {_names(found)}; the run waits until they have ended"
    return Outcome(BLOCKING_PODS, message, blocking_pods=_full_names(found))


def _cleared(
    node: NodeRecord, record: WasmNodeRecord, look: PodsLook, now: datetime
) -> Preparing | Outcome | None:
    """Judge before anything is done to the node whether it can be drained at all."""
    wish = record.disruption
    leaving = departure(record, look.pods)
    refusal = "; ".join(objections(leaving.drained, wish.drain))
    if refusal:
        return Outcome(DRAIN_FAILED, refusal)
    if wish.mode is not DisruptionMode.NONE and not node.is_unschedulable:
        return Preparing((cordon(node, record),))
    if wish.mode is not DisruptionMode.NONE and not look.was_cordoned:
        return Preparing((LookAtPods(node.name),))
    if not leaving.pods:
        return None
    return _sent_away(Waiting(record, leaving, look, now))


@dataclass(frozen=True, slots=True)
class Waiting:
    """Pods that have not left yet."""

    record: WasmNodeRecord
    leaving: Departure
    look: PodsLook
    now: datetime

    @property
    def since(self) -> datetime:
        """When the first of them was sent away."""
        return parse_time(self.record.status.draining_since) or self.now

    @property
    def refusals(self) -> dict[str, str]:
        """Why pods were not evicted, by their names."""
        tries = ((pod, self.look.evictions.get(pod.uid)) for pod in self.leaving.pods)
        return {pod.full_name: it.refusal for pod, it in tries if it is not None and it.refusal}


def _sent_away(waiting: Waiting) -> Preparing | Outcome:
    timeout = waiting.record.disruption.drain.timeout
    if waiting.record.status.draining_since and waiting.now >= waiting.since + span(timeout):
        return _given_up(waiting, timeout)
    return Preparing((*_told(waiting), *_evictions(waiting), _next_look(waiting)))


def _told(waiting: Waiting) -> Iterator[WriteNodeStatus]:
    record, since = waiting.record, rfc3339(waiting.since)
    begun = {"state": NodeState.DRAINING, "draining_since": since}
    status = record.status.model_copy(update=begun)
    return write_status(record, described(record, status, waiting.now, note=_note(waiting)))


def _note(waiting: Waiting) -> str:
    """Say who holds the run up, in words that stay while nothing happens that matters."""
    if waiting.refusals:
        return f"waiting for pods that may not be evicted now: {_reasons(waiting.refusals)}"
    if waiting.now < waiting.since + _QUIET:
        return "waiting for pods to leave the node"
    return f"waiting for pods to leave the node; still there: {_names(waiting.leaving.pods)}"


def _evictions(waiting: Waiting) -> Iterator[EvictPod]:
    for pod in waiting.leaving.pods:
        last = waiting.look.evictions.get(pod.uid)
        is_due = last is None or last.at + _AGAIN <= waiting.now
        if is_due and not pod.deleting:
            yield EvictPod(waiting.record.name, pod.namespace, pod.name, pod.uid)


def _next_look(waiting: Waiting) -> LookAtPods | Wake:
    due = waiting.look.at + _PACE
    return LookAtPods(waiting.record.name) if due <= waiting.now else Wake(due)


def _given_up(waiting: Waiting, timeout: str) -> Outcome:
    """A pod that only we named keeps the run waiting; one that is drained makes it fail."""
    refusals = waiting.refusals
    reasons = {
        pod.full_name: refusals.get(pod.full_name, "it has not ended")
        for pod in waiting.leaving.pods
    }
    message = f"pods did not leave the node within {timeout}: {_reasons(reasons)}"
    if waiting.leaving.drained:
        return Outcome(DRAIN_FAILED, message)
    return Outcome(
        EVICTION_BLOCKED,
        message,
        exit_code=ExitCode.IN_USE,
        blocking_pods=_full_names(waiting.leaving.named),
    )


def _reasons(told: dict[str, str]) -> str:
    return capped(f"{name} ({reason})" for name, reason in told.items())


def _names(pods: tuple[NodePod, ...]) -> str:
    return capped(_full_names(pods))


def _full_names(pods: tuple[NodePod, ...]) -> tuple[str, ...]:
    return tuple(sorted(pod.full_name for pod in pods))
