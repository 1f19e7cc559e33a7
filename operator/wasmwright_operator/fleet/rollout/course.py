"""How a rollout goes on: what it remembers, and the phase it is in.

A latch that opens something counts once it has been written; one that closes something counts at
once, and the next plan finds the same if the write was lost.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wasmwright_operator import names
from wasmwright_operator.api.amounts import amount_of, span
from wasmwright_operator.api.rollout import Approval, RolloutPhase, RolloutSpec, RolloutStatus
from wasmwright_operator.conditions import capped, parse_time, rfc3339, rounded_up
from wasmwright_operator.fleet.rollout.standing import Standing
from wasmwright_operator.records import RuntimeRecord

_MOVING: Final = frozenset({RolloutPhase.CANARY, RolloutPhase.ROLLING})
"""Phases in which the clock of the progress deadline runs."""


@dataclass(frozen=True, slots=True)
class Course:
    """One runtime's rollout at one moment."""

    runtime: RuntimeRecord
    spec: RolloutSpec
    revision: str
    """The target."""
    standing: Standing
    canaries: frozenset[str]
    is_paused: bool
    is_window_open: bool
    now: datetime

    def status(self) -> RolloutStatus:
        """Return what the rollout is to remember from now on."""
        before = self._begun()
        status = self._with_canaries(self._resumed(before))
        status = self._advanced(before, status.model_copy(update={"phase": self._phase(status)}))
        return self._judged(before, status)

    def wake(self, status: RolloutStatus) -> datetime | None:
        """Return when time alone changes something."""
        if status.phase is RolloutPhase.SOAKING:
            return self._soaked_at(status)
        return self._deadline(status) if status.phase in _MOVING else None

    @property
    def is_proven(self) -> bool:
        """Whether the target was rolled out completely before: going back needs no canary."""
        return self.revision == self.runtime.status.stable_revision

    def _begun(self) -> RolloutStatus:
        status = self.runtime.status.rollout
        if status.revision == self.revision:
            return status
        return RolloutStatus(
            revision=self.revision,
            started_at=rfc3339(self.now),
            progressed_at=rfc3339(self.now),
            updated=len(self.standing.updated),
            resume_token=self.runtime.annotations.get(names.RESUME, ""),
        )

    def _resumed(self, status: RolloutStatus) -> RolloutStatus:
        token = self.runtime.annotations.get(names.RESUME, "")
        if token in {"", status.resume_token}:
            return status
        update = {"resume_token": token}
        if status.halted_reason:
            time = rfc3339(self.now)
            update |= {"resumed_at": time, "progressed_at": time}
            update |= {"halted_reason": "", "halted_message": "", "halted_at": ""}
        return status.model_copy(update=update)

    def _with_canaries(self, status: RolloutStatus) -> RolloutStatus:
        if status.canary_passed or status.halted_reason:
            return status
        are_good = bool(self.canaries) and self.canaries <= self.standing.updated
        since = status.canary_ready_since or rfc3339(rounded_up(self.now))
        status = status.model_copy(update={"canary_ready_since": since if are_good else ""})
        passes = self.spec.canary is None or self.is_proven
        passes = passes or (self._has_soaked(status) and self._is_approved)
        return status.model_copy(update={"canary_passed": passes})

    def _soaked_at(self, status: RolloutStatus) -> datetime | None:
        since = parse_time(status.canary_ready_since)
        soak = span(self.spec.canary.soak) if self.spec.canary else timedelta()
        return since + soak if since else None

    def _has_soaked(self, status: RolloutStatus) -> bool:
        end = self._soaked_at(status)
        return end is not None and end <= self.now

    @property
    def _is_approved(self) -> bool:
        canary = self.spec.canary
        is_asked_for = canary is not None and canary.approval is Approval.MANUAL
        return not is_asked_for or self.runtime.annotations.get(names.PROMOTE) == self.revision

    def _phase(self, status: RolloutStatus) -> RolloutPhase:
        if status.halted_reason:
            return RolloutPhase.HALTED
        if status.canary_passed and self.standing.is_settled:
            return RolloutPhase.COMPLETE
        if self.is_paused:
            return RolloutPhase.PAUSED
        if status.canary_ready_since and not status.canary_passed:
            has_soaked = self._has_soaked(status)
            return RolloutPhase.AWAITING_APPROVAL if has_soaked else RolloutPhase.SOAKING
        if self._waits_for_window(status):
            return RolloutPhase.WAITING_FOR_WINDOW
        return RolloutPhase.ROLLING if status.canary_passed else RolloutPhase.CANARY

    def _waits_for_window(self, status: RolloutStatus) -> bool:
        standing, movable = self.standing, self.standing.movable
        coming = movable if status.canary_passed else movable & self.canaries
        is_closed = bool(coming) and not self.is_window_open and coming <= standing.serving
        return is_closed and not standing.updating

    def _advanced(self, before: RolloutStatus, status: RolloutStatus) -> RolloutStatus:
        """Set the clock back when a node reached the revision or things begin to move."""
        updated = len(self.standing.updated)
        begins = status.phase in _MOVING and before.phase not in _MOVING
        update: dict[str, object] = {"updated": updated}
        if begins or updated > before.updated:
            update["progressed_at"] = rfc3339(rounded_up(self.now))
        return status.model_copy(update=update)

    def _deadline(self, status: RolloutStatus) -> datetime | None:
        since, seconds = parse_time(status.progressed_at), self.spec.progress_deadline_seconds
        is_waited_for = bool(self.standing.movable or self.standing.updating)
        if since is None or not seconds or not is_waited_for or self.is_proven:
            return None
        return since + timedelta(seconds=seconds + self.spec.min_ready_seconds)

    def _judged(self, before: RolloutStatus, status: RolloutStatus) -> RolloutStatus:
        """Halt what is not good; a revision that proved good before is never halted."""
        if status.halted_reason or self.is_proven:
            return status
        reason, message = self._brake(before, status)
        if not reason:
            return status
        halted = {
            "halted_reason": reason,
            "halted_message": f"{message}; correct the spec, go back to a kept revision, or set the"
            f" annotation {names.RESUME} to a new value to go on",
            "halted_at": rfc3339(self.now),
            "phase": RolloutPhase.HALTED,
            "canary_ready_since": "",
        }
        return status.model_copy(update=halted)

    def _failing(self, status: RolloutStatus) -> dict[str, str]:
        """Return who fails, and why; what failed before says nothing against the revision."""
        started, resumed = parse_time(status.started_at), parse_time(status.resumed_at)
        return {
            it.node: it.reason
            for it in self.standing.failures
            if it.since is not None
            and (started is None or it.since >= started)
            and (resumed is None or it.since > resumed)
        }

    def _brake(self, before: RolloutStatus, status: RolloutStatus) -> tuple[str, str]:
        failing, total = self._failing(status), self.standing.targeted
        told = capped(f"{name} ({reason})" for name, reason in failing.items())
        if not status.canary_passed and self.canaries & failing.keys():
            return "CanaryFailed", f"revision {self.revision} failed on canaries: {told}"
        if len(failing) > amount_of(self.spec.max_failures, total):
            allowed = f"spec.rollout.maxFailures is {self.spec.max_failures}"
            message = f"{len(failing)} of {total} nodes fail revision {self.revision}, {allowed}"
            return "MaxFailures", f"{message}: {told}"
        end = self._deadline(status)
        is_moving = status.phase in _MOVING and before.phase in _MOVING
        if is_moving and end is not None and end <= self.now:
            waiting = capped(self.standing.movable | self.standing.updating)
            limit = f"{self.spec.progress_deadline_seconds} s"
            message = (
                f"no node reached revision {self.revision} for {limit}, still to do: {waiting}"
            )
            return "ProgressDeadlineExceeded", message
        return "", ""
