"""The plan of one node: at most one run at a time, and its result written down at once."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from wasmwright_operator.actions import Action, DeletePod
from wasmwright_operator.node.conclusion import problem_of
from wasmwright_operator.node.cordon import uncordon
from wasmwright_operator.node.labels import relabel
from wasmwright_operator.node.outcome import NotStarted, Outcome, Underway
from wasmwright_operator.node.progress import observe_run
from wasmwright_operator.node.refusal import Needed, refused
from wasmwright_operator.node.run import ended, started, underway
from wasmwright_operator.node.settled import settled
from wasmwright_operator.node.smoketest import Evidence, Unproved, observe_tests
from wasmwright_operator.node.view import NodeView
from wasmwright_operator.records import JobRecord, NodeRecord, PodRecord, RunKey, WasmNodeRecord


def plan_node(
    view: NodeView, jobs: tuple[JobRecord, ...], pods: tuple[PodRecord, ...], now: datetime
) -> tuple[Action, ...]:
    """Return the writes for one node, in the order in which they are to be made."""
    node = view.node
    if node is None:
        return ()
    record = view.wasm_node
    if record is None or record.spec.node_uid != node.uid or record.deleting:
        return (*relabel(node, None), *uncordon(node, record=None), *_swept(pods))
    if not record.is_in_flight:
        return (*settled(node, record, now), *_swept(pods))
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
            yield from started(node, record, run, view.look, now)
        case Underway():
            yield from underway(node, record, job, progress, now)
        case Outcome():
            tested = _tested(node, record, progress, evidence, now)
            if isinstance(tested, Unproved):
                yield from tested.actions
                yield from underway(node, record, job, tested.underway, now)
            else:
                yield from ended(node, record, job, tested, now)


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
    return tuple(ended(node, record, None, refused(action, message), now))
