"""The rollouts of all runtimes in one plan: what they remember, and whom they let pass."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from wasmwright_installer.contract import RuntimeEntry
from wasmwright_operator.api.rollout import RolloutPhase, RolloutStatus
from wasmwright_operator.api.wasmruntime import WasmRuntimeSpec
from wasmwright_operator.fleet.acceptance import Acceptance
from wasmwright_operator.fleet.rendering import Renderer
from wasmwright_operator.fleet.rollout.canary import Choice
from wasmwright_operator.fleet.rollout.course import Course
from wasmwright_operator.fleet.rollout.gate import Gate
from wasmwright_operator.fleet.rollout.revisions import (
    History,
    histories,
    render_revision,
    revision_name,
)
from wasmwright_operator.fleet.rollout.standing import standing_of
from wasmwright_operator.fleet.snapshot import Snapshot
from wasmwright_operator.fleet.survey import Survey
from wasmwright_operator.fleet.targets import Target
from wasmwright_operator.fleet.window import is_open, next_change
from wasmwright_operator.records import RuntimeRecord


@dataclass(frozen=True, slots=True)
class Rollout:
    """One runtime's rollout as one plan sees it."""

    target: str
    """The revision that the spec renders to."""
    stable: str
    """The revision that was last rolled out completely."""
    status: RolloutStatus
    gate: Gate
    canaries: frozenset[str] = frozenset()
    wakes: tuple[datetime, ...] = ()
    """When time alone changes something."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Judges the rollouts of one snapshot."""

    snapshot: Snapshot
    acceptances: Mapping[str, Acceptance]
    renderer: Renderer
    targets: Iterable[Target]
    surveys: Mapping[str, Survey]
    now: datetime
    kept: Mapping[str, History] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kept", histories(self.snapshot))

    def rollouts(self) -> dict[str, Rollout]:
        """Return the rollout of every runtime."""
        return {name: self._rollout(it) for name, it in self.snapshot.runtimes.items()}

    def _rollout(self, runtime: RuntimeRecord) -> Rollout:
        spec, status = runtime.spec, runtime.status
        is_accepted = self.acceptances[runtime.name].is_accepted
        if spec is None or runtime.deleting or not is_accepted:
            return self._unmoved(runtime)
        revision = revision_name(runtime)
        stable = self._stable_entries(runtime, revision)
        course = self._course(runtime, spec, revision, stable)
        after = course.status()
        is_whole = after.phase is RolloutPhase.COMPLETE and bool(course.standing.updated)
        return Rollout(
            target=revision,
            stable=revision if is_whole else status.stable_revision,
            status=after,
            gate=self._gate(course, after, stable),
            canaries=course.canaries,
            wakes=tuple(self._wakes(course, after)),
        )

    def _unmoved(self, runtime: RuntimeRecord) -> Rollout:
        """What is not served stays where it is; what is being deleted goes, unless it is paused."""
        status, spec = runtime.status, runtime.spec
        is_going = runtime.deleting and not (spec is not None and spec.rollout.paused)
        is_held = self.snapshot.policy.paused or not is_going
        return Rollout(
            target=revision_name(runtime) or status.target_revision,
            stable=status.stable_revision,
            status=status.rollout,
            gate=Gate(runtime, self.renderer, is_held=is_held),
        )

    def _stable_entries(self, runtime: RuntimeRecord, revision: str) -> Mapping[str, RuntimeEntry]:
        name, history = runtime.status.stable_revision, self.kept[runtime.name]
        record = history.find(name) if name != revision else None
        return render_revision(history.as_of(record)) if record else {}

    def _course(
        self,
        runtime: RuntimeRecord,
        spec: WasmRuntimeSpec,
        revision: str,
        stable: Mapping[str, RuntimeEntry],
    ) -> Course:
        window, canary = spec.rollout.window, spec.rollout.canary
        before = runtime.status.rollout
        has_passed = before.revision == revision and before.canary_passed
        choice = Choice(runtime, revision, stable, self.renderer)
        is_tried = canary is not None and not has_passed
        found = self.surveys[runtime.name]
        return Course(
            runtime=runtime,
            spec=spec.rollout,
            revision=revision,
            standing=standing_of(runtime, found, self.snapshot, self.renderer),
            canaries=choice.canaries(canary, self.targets) if canary and is_tried else frozenset(),
            is_paused=spec.rollout.paused or self.snapshot.policy.paused,
            is_window_open=window is None or is_open(window, self.now),
            now=self.now,
        )

    def _gate(
        self, course: Course, after: RolloutStatus, stable: Mapping[str, RuntimeEntry]
    ) -> Gate:
        """Let pass by what has been written, and stop by what has just been found."""
        runtime, before = course.runtime, course.runtime.status.rollout
        is_kept = self.kept[runtime.name].find(course.revision) is not None
        is_recorded = before.revision == course.revision and is_kept
        may_go = is_recorded and not (before.halted_reason or after.halted_reason)
        has_failed = bool(before.halted_reason and after.halted_reason)
        return Gate(
            runtime=runtime,
            renderer=self.renderer,
            is_held=course.is_paused,
            is_recorded=is_recorded,
            is_open=may_go and before.canary_passed,
            canaries=course.canaries if may_go else frozenset(),
            is_window_open=course.is_window_open,
            stable=stable if is_recorded else {},
            gives_back=is_recorded
            and has_failed
            and course.spec.auto_rollback
            and not before.canary_passed,
        )

    def _wakes(self, course: Course, after: RolloutStatus) -> list[datetime]:
        wake, window = course.wake(after), course.spec.window
        wakes = [wake] if wake is not None else []
        if window is not None and course.standing.serving:
            wakes.append(next_change(window, self.now))
        return [wake for wake in wakes if wake > self.now]
