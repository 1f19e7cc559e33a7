"""The plan of one node: at most one run at a time, and its result written down at once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from wasmwright_operator.actions import (
    Action,
    CreateJob,
    DeleteJob,
    DeletePod,
    DeleteWasmNode,
    LabelNode,
    Wake,
    WriteNodeStatus,
)
from wasmwright_operator.api.wasmnode import NodeState, WasmNodeStatus
from wasmwright_operator.conditions import parse_time
from wasmwright_operator.node.conclusion import conclude, described, problem_of
from wasmwright_operator.node.cordon import is_wanted, uncordon
from wasmwright_operator.node.document import document_of
from wasmwright_operator.node.labels import label_changes
from wasmwright_operator.node.loss import judged
from wasmwright_operator.node.orphans import orphaned
from wasmwright_operator.node.outcome import NotStarted, Outcome, Underway
from wasmwright_operator.node.preparation import Preparing, prepare
from wasmwright_operator.node.progress import observe_run
from wasmwright_operator.node.refusal import Needed, refused
from wasmwright_operator.node.smoketest import (
    Evidence,
    Lost,
    Unproved,
    observe_tests,
)
from wasmwright_operator.records import (
    JobRecord,
    NodeRecord,
    PodRecord,
    PodsLook,
    RunKey,
    WasmNodeRecord,
)

_SLOW: Final = timedelta(seconds=30)
"""A run that takes longer says so in the status; one that takes its usual time is spared the write,
which would be the fifth about its node."""
_VERY_SLOW: Final = timedelta(seconds=60)
"""Until then it says so once; how far a run is after that people want to know at once."""


@dataclass(frozen=True, slots=True)
class NodeView:
    """All that the plan of one node looks at, beside its Jobs and pods."""

    node: NodeRecord | None
    wasm_node: WasmNodeRecord | None
    lost_runs: frozenset[RunKey] = frozenset()
    """Runs whose Job was seen and then deleted by somebody."""
    look: PodsLook | None = None
    """The last look at everybody's pods on the node, while a run is under way that needs one."""
    lost_tests: Lost = frozenset()
    warnings: Mapping[str, str] = field(default_factory=dict)
    """What was told about pods of smoke tests, by their UIDs."""


def plan_node(
    view: NodeView, jobs: tuple[JobRecord, ...], pods: tuple[PodRecord, ...], now: datetime
) -> tuple[Action, ...]:
    """Return the writes for one node, in the order in which they are to be made."""
    node = view.node
    if node is None:
        return ()
    record = view.wasm_node
    if record is None or record.spec.node_uid != node.uid or record.deleting:
        return (*_labels(node, None), *uncordon(node, record=None), *_swept(pods))
    if not record.is_in_flight:
        return (*_settled(node, record, now), *_swept(pods))
    run = RunKey(record.uid, record.spec.hash, record.spec.attempt)
    job = next((item for item in jobs if item.run == run), None)
    others = (pod for pod in pods if pod.run != run)
    own = tuple(pod for pod in pods if pod.run == run)
    return (*_in_flight(view, node, record, run, job, own, now), *_swept(others))


def _in_flight(
    view: NodeView,
    node: NodeRecord,
    record: WasmNodeRecord,
    run: RunKey,
    job: JobRecord | None,
    pods: tuple[PodRecord, ...],
    now: datetime,
) -> Iterator[Action]:
    tests = tuple(pod for pod in pods if pod.smoke_test is not None)
    evidence = Evidence(tests, view.lost_tests, view.warnings)
    progress = evidence.outcome() or observe_run(
        job,
        tuple(pod for pod in pods if pod.smoke_test is None),
        was_lost=run in view.lost_runs,
        now=now,
    )
    match progress:
        case NotStarted():
            yield from _started(node, record, run, view.look, now)
        case Underway():
            yield from _underway(node, record, job, progress, now)
        case Outcome():
            tested = _tested(node, record, progress, evidence, now)
            if isinstance(tested, Unproved):
                yield from tested.actions
                yield from _underway(node, record, job, tested.underway, now)
            else:
                yield from _ended(node, record, job, tested, now)


def _tested(
    node: NodeRecord, record: WasmNodeRecord, outcome: Outcome, evidence: Evidence, now: datetime
) -> Unproved | Outcome:
    """Return the end of a run, or what is still to be shown after what its installer proved."""
    if outcome.result is None or problem_of(node, record, outcome) is not None:
        return outcome
    return observe_tests(record, outcome.result, evidence, now) or outcome


def _swept(pods: Iterable[PodRecord]) -> Iterator[DeletePod]:
    """Yield the end of smoke tests that nobody waits for any more."""
    for pod in pods:
        if pod.smoke_test is not None and not pod.deleting:
            yield DeletePod(pod.name, pod.uid)


def plan_refusal(
    node: NodeRecord,
    record: WasmNodeRecord,
    action: Needed,
    message: str,
    now: datetime,
) -> tuple[Action, ...]:
    """Return the writes after the API server refused what a run cannot do without."""
    return tuple(_ended(node, record, None, refused(action, message), now))


def _started(
    node: NodeRecord, record: WasmNodeRecord, run: RunKey, look: PodsLook | None, now: datetime
) -> Iterator[Action]:
    """Labels first: no new pod may come for a runtime that is about to go."""
    yield from _labels(node, record)
    if not is_wanted(record):
        yield from uncordon(node, record)
    match prepare(node, record, look, now):
        case None:
            yield CreateJob(node=node.name, run=run, document=document_of(node, record))
        case Preparing(actions):
            yield from actions
        case Outcome() as outcome:
            yield from _ended(node, record, None, outcome, now)


def _underway(
    node: NodeRecord,
    record: WasmNodeRecord,
    job: JobRecord | None,
    progress: Underway,
    now: datetime,
) -> Iterator[Action]:
    yield from _labels(node, record)
    yield from uncordon(node, record)
    created = parse_time(job.created) if job is not None else None
    was_told = record.status.state is NodeState.APPLYING
    slow_at = created + (_VERY_SLOW if was_told else _SLOW) if created is not None else None
    if slow_at is not None and now >= slow_at:
        yield from _write(record, _applying(record, progress, now))
    times = [at for at in (slow_at, progress.look_again) if at is not None and at > now]
    if times:
        yield Wake(min(times))


def _applying(record: WasmNodeRecord, progress: Underway, now: datetime) -> WasmNodeStatus:
    status = record.status.model_copy(update={"state": NodeState.APPLYING})
    return described(record, status, now, note=progress.note)


def _ended(
    node: NodeRecord,
    record: WasmNodeRecord,
    job: JobRecord | None,
    outcome: Outcome,
    now: datetime,
) -> Iterator[Action]:
    if outcome.must_stop_job and job is not None and not job.deleting:
        yield DeleteJob(name=job.name, uid=job.uid)
    after = replace(record, status=conclude(node, record, outcome, now))
    if _is_given_back(after):
        yield from _forget(node, after)
        return
    yield from _write(record, after.status)
    yield from _labels(node, after)
    yield from uncordon(node, after)


def _settled(node: NodeRecord, record: WasmNodeRecord, now: datetime) -> Iterator[Action]:
    if _is_given_back(record):
        yield from _forget(node, record)
        return
    status, look_again = judged(node, record, now)
    if not record.spec.attempt:
        status = status.model_copy(update={"state": _state_without_runs(record)})
    status, note = orphaned(node, record, status)
    yield from _write(record, described(record, status, now, note=note))
    yield from _labels(node, replace(record, status=status))
    yield from uncordon(node, record)
    if look_again is not None:
        yield Wake(look_again)


def _state_without_runs(record: WasmNodeRecord) -> NodeState:
    """Return the state of a node that has had no run which could tell it."""
    reasons = {item.reason for item in record.spec.refused}
    if reasons & _UNSUPPORTED:
        return NodeState.UNSUPPORTED
    is_adoptable = record.spec.predecessor_labels and not reasons
    return NodeState.ADOPTABLE if is_adoptable else NodeState.PENDING


_UNSUPPORTED: Final = frozenset({"UnsupportedArchitecture", "UnsupportedOS"})


def _is_given_back(record: WasmNodeRecord) -> bool:
    """Tell whether nothing is left; who was there before us is then said anew, if at all."""
    spec = record.spec
    is_told = bool(spec.predecessor_labels) and not spec.attempt
    return not (
        spec.runtimes or spec.refused or is_told or record.has_failed or record.is_in_flight
    )


def _forget(node: NodeRecord, record: WasmNodeRecord) -> Iterator[Action]:
    yield from _labels(node, record, ends=True)
    yield from uncordon(node, record=None)
    yield DeleteWasmNode(name=record.name, uid=record.uid, resource_version=record.resource_version)


def _labels(
    node: NodeRecord, record: WasmNodeRecord | None, *, ends: bool = False
) -> Iterator[LabelNode]:
    changes = label_changes(node, record, ends=ends)
    if changes:
        yield LabelNode(node.name, node.uid, changes, had_labels=bool(node.labels))


def _write(record: WasmNodeRecord, status: WasmNodeStatus) -> Iterator[WriteNodeStatus]:
    if status != record.status:
        yield WriteNodeStatus(record.name, record.resource_version, status)
