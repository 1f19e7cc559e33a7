"""Smoke tests: after the installer proved the handlers, wasm must run in them.

The pods carry what the installer said. So from the first of them on nobody needs the Job any more,
and whoever takes over an operator's work finds all that it has to know in the pods.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from wasmwright_installer.contract import ApplyResult, ExitCode, RuntimeState, RuntimeType
from wasmwright_operator.actions import CreateSmokeTest, ReadWarnings
from wasmwright_operator.api.wasmnode import SmokeTest
from wasmwright_operator.conditions import capped, parse_time
from wasmwright_operator.node.outcome import Outcome, Underway
from wasmwright_operator.node.reasons import ADMISSION, SMOKE_TEST_FAILED
from wasmwright_operator.node.result import read_result
from wasmwright_operator.records import (
    ContainerRecord,
    ContainerState,
    PodRecord,
    RunKey,
    WasmNodeRecord,
)

GREETING: Final = "wasmwright: wasm runs here"
"""What our own module leaves as the termination message of its container."""
_SAID: Final = 1024

Lost = frozenset[tuple[RunKey, str]]
"""Pods of smoke tests, as run and runtime, that somebody deleted before they ended."""


@dataclass(frozen=True, slots=True)
class Unproved:
    """Smoke tests that have not all ended: what to do until then."""

    actions: tuple[CreateSmokeTest | ReadWarnings, ...]
    underway: Underway


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the cluster shows of the smoke tests of one run."""

    pods: tuple[PodRecord, ...] = ()
    lost: Lost = frozenset()
    warnings: Mapping[str, str] = field(default_factory=dict)
    """What was told about pods in Events, by their UIDs, as far as it was asked for."""

    def outcome(self) -> Outcome | None:
        """Return the end of the installer's run, as the pods keep it."""
        kept = (pod.smoke_test.run_result for pod in self.pods if pod.smoke_test is not None)
        results = (read_result(text) for text in kept)
        result = next((item for item in results if item is not None), None)
        if result is None:
            return None
        return Outcome(result.reason, result.message, exit_code=ExitCode.DONE, result=result)

    def pod_of(self, test: SmokeTest) -> PodRecord | None:
        """Return the pod of one test."""
        return next(
            (p for p in self.pods if p.smoke_test and p.smoke_test.runtime == test.runtime), None
        )


def observe_tests(
    record: WasmNodeRecord, proved: ApplyResult, evidence: Evidence, now: datetime
) -> Unproved | Outcome | None:
    """Return how far the smoke tests of a run are; None = wasm runs in all of them."""
    run = RunKey(record.uid, record.spec.hash, record.spec.attempt)
    verdicts = {
        test.runtime: _Trial(record, run, proved, evidence, test, now).verdict()
        for test in record.spec.smoke_tests
    }
    pending = {name: found for name, found in verdicts.items() if isinstance(found, _Pending)}
    if pending:
        return _unproved(pending)
    failures = {name: found for name, found in verdicts.items() if isinstance(found, str) and found}
    return failed(proved, failures) if failures else None


def failed(proved: ApplyResult, failures: Mapping[str, str]) -> Outcome:
    """Return the end of a run after which wasm does not run in some of its runtimes."""
    runtimes = tuple(
        item.model_copy(update={"state": RuntimeState.FAILED, "message": failures[item.name]})
        if item.name in failures
        else item
        for item in proved.runtimes
    )
    message = "; ".join(f"smoke test of {name}: {told}" for name, told in failures.items())
    result = proved.model_copy(update={"runtimes": runtimes})
    return Outcome(SMOKE_TEST_FAILED, message, result=result)


def refused_test(action: CreateSmokeTest, message: str) -> Outcome:
    """Return the end of a run whose smoke test the API server did not take."""
    told = f"the API server did not take its pod: {message}; {ADMISSION}"
    return failed(action.result, {action.test.runtime: told})


@dataclass(frozen=True, slots=True)
class _Pending:
    """A test without a verdict."""

    actions: tuple[CreateSmokeTest | ReadWarnings, ...] = ()
    look_again: datetime | None = None


def _unproved(pending: Mapping[str, _Pending]) -> Unproved:
    times = [item.look_again for item in pending.values() if item.look_again is not None]
    note = f"waiting for the smoke test of {capped(pending)}"
    actions = tuple(action for item in pending.values() for action in item.actions)
    return Unproved(actions, Underway(note, look_again=min(times, default=None)))


@dataclass(frozen=True, slots=True)
class _Trial:
    """One test."""

    record: WasmNodeRecord
    run: RunKey
    proved: ApplyResult
    evidence: Evidence
    test: SmokeTest
    now: datetime

    def verdict(self) -> _Pending | str:
        """Return why wasm does not run; "" = it does."""
        pod = self.evidence.pod_of(self.test)
        if pod is None:
            return self._without_pod()
        container = pod.smoke_test.container if pod.smoke_test else None
        if container is not None and container.state is ContainerState.TERMINATED:
            return self._judged(container)
        if pod.has_ended:
            told = f"{pod.reason}: {pod.message}" if pod.reason else pod.message or pod.disruption
            return self._explained(pod, f"the node ended its pod: {told or 'it gave no reason'}")
        end = self._end(pod)
        if end is not None and self.now < end:
            return _Pending(look_again=end)
        limit = f"it did not end within {self.test.timeout_seconds} s"
        return self._explained(pod, f"{limit}, {_standing(container)}")

    def _without_pod(self) -> _Pending | str:
        if (self.run, self.test.runtime) in self.evidence.lost:
            return "somebody deleted its pod before it ended"
        return _Pending((self._create(),))

    def _create(self) -> CreateSmokeTest:
        entries = (it for it in self.record.spec.runtimes if it.name == self.test.runtime)
        kinds = {entry.handler.type for entry in entries}
        return CreateSmokeTest(
            node=self.record.name,
            run=self.run,
            test=self.test,
            is_oci_runtime=RuntimeType.OCI_RUNTIME in kinds,
            result=self.proved,
        )

    def _judged(self, container: ContainerRecord) -> str:
        expected = self.test.expect if self.test.image else GREETING
        said = container.message.strip()[:_SAID]
        if container.exit_code:
            words = said or container.reason or "it said nothing"
            return f"it ended with exit code {container.exit_code}: {words}"
        if expected not in container.message:
            return f"it ended with exit code 0 but its last words were {said!r}, not {expected!r}"
        return ""

    def _explained(self, pod: PodRecord, problem: str) -> _Pending | str:
        """Add what was told in Events: of a sandbox that cannot be made nothing else tells."""
        if pod.uid not in self.evidence.warnings:
            return _Pending((ReadWarnings(self.record.name, pod.name, pod.uid),))
        told = self.evidence.warnings[pod.uid]
        return f"{problem}; {told}" if told else problem

    def _end(self, pod: PodRecord) -> datetime | None:
        created = parse_time(pod.created)
        return created + timedelta(seconds=self.test.timeout_seconds) if created else None


def _standing(container: ContainerRecord | None) -> str:
    if container is None:
        return "the node did not take it up"
    if container.state is ContainerState.RUNNING:
        return "its container still runs"
    told = ": ".join(filter(None, (container.reason, container.message)))
    return f"its container waits: {told}"
