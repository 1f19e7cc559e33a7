"""The plan of one node: at most one run at a time, and its result written down at once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from wasmwright_installer.contract import NodeDocument, NodeIdentity
from wasmwright_operator.actions import (
    Action,
    CreateJob,
    DeleteJob,
    DeleteWasmNode,
    LabelNode,
    Wake,
    WriteNodeStatus,
)
from wasmwright_operator.api.wasmnode import NodeState, WasmNodeStatus
from wasmwright_operator.conditions import parse_time
from wasmwright_operator.node.conclusion import conclude, described
from wasmwright_operator.node.labels import label_changes
from wasmwright_operator.node.loss import LOOKS, judged
from wasmwright_operator.node.orphans import orphaned
from wasmwright_operator.node.outcome import (
    JOB_REFUSED,
    NotStarted,
    Outcome,
    Underway,
    observe_run,
)
from wasmwright_operator.records import (
    JobRecord,
    NodeRecord,
    PodRecord,
    RunKey,
    WasmNodeRecord,
)

_SLOW: Final = timedelta(seconds=8)
"""A run that takes longer says so in the status; a quick one is spared the write."""


@dataclass(frozen=True, slots=True)
class NodeView:
    """All that the plan of one node looks at, beside its Jobs and pods."""

    node: NodeRecord | None
    wasm_node: WasmNodeRecord | None
    lost_runs: frozenset[RunKey] = frozenset()
    """Runs whose Job was seen and then deleted by somebody."""


def plan_node(
    view: NodeView, jobs: tuple[JobRecord, ...], pods: tuple[PodRecord, ...], now: datetime
) -> tuple[Action, ...]:
    """Return the writes for one node, in the order in which they are to be made."""
    node = view.node
    if node is None:
        return ()
    record = view.wasm_node
    if record is None or record.spec.node_uid != node.uid or record.deleting:
        return tuple(_labels(node, None))
    if not record.is_in_flight:
        return tuple(_settled(node, record, now))
    run = RunKey(record.uid, record.spec.hash, record.spec.attempt)
    job = next((item for item in jobs if item.run == run), None)
    progress = observe_run(
        job,
        tuple(pod for pod in pods if pod.run == run),
        was_lost=run in view.lost_runs,
        now=now,
    )
    match progress:
        case NotStarted():
            return tuple(_started(node, record, run))
        case Underway():
            return tuple(_underway(node, record, job, progress, now))
        case Outcome():
            return tuple(_ended(node, record, job, progress, now))


def plan_refused_job(
    node: NodeRecord, record: WasmNodeRecord, message: str, now: datetime
) -> tuple[Action, ...]:
    """Return the writes after the API server refused to take the node's Job."""
    return tuple(_ended(node, record, None, Outcome(JOB_REFUSED, message), now))


def _started(node: NodeRecord, record: WasmNodeRecord, run: RunKey) -> Iterator[Action]:
    """Labels first: no new pod may come for a runtime that is about to go."""
    yield from _labels(node, record)
    yield CreateJob(node=node.name, run=run, document=_document(node, record))


def _document(node: NodeRecord, record: WasmNodeRecord) -> NodeDocument:
    spec = record.spec
    return NodeDocument(
        node=NodeIdentity(name=node.name, uid=node.uid, machine_id=node.machine_id),
        hash=spec.hash,
        runtimes=spec.runtimes,
        declared=spec.declared,
        wasm_pods=spec.wasm_pods,
        retry_token=spec.retry_token,
        keep_versions=spec.keep_versions,
        stored=_stored(record),
    )


def _stored(record: WasmNodeRecord) -> tuple[str, ...]:
    """Return what need not be downloaded.

    A run that repeats a success believes nothing, unless it only looks whether all is in place.
    """
    is_repeated = record.spec.hash == record.status.installed_hash
    is_doubted = is_repeated and record.spec.cause not in LOOKS
    return () if is_doubted else record.status.stored


def _underway(
    node: NodeRecord,
    record: WasmNodeRecord,
    job: JobRecord | None,
    progress: Underway,
    now: datetime,
) -> Iterator[Action]:
    yield from _labels(node, record)
    created = parse_time(job.created) if job is not None else None
    slow_at = created + _SLOW if created is not None else None
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
        yield from _forget(node, record)
        return
    yield from _write(record, after.status)
    yield from _labels(node, after)


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
    if look_again is not None:
        yield Wake(look_again)


def _state_without_runs(record: WasmNodeRecord) -> NodeState:
    """A node whose every wish is refused has no run that could tell its state."""
    reasons = {item.reason for item in record.spec.refused}
    return NodeState.UNSUPPORTED if reasons & _UNSUPPORTED else NodeState.PENDING


_UNSUPPORTED: Final = frozenset({"UnsupportedArchitecture", "UnsupportedOS"})


def _is_given_back(record: WasmNodeRecord) -> bool:
    spec = record.spec
    return not (spec.runtimes or spec.refused or record.has_failed or record.is_in_flight)


def _forget(node: NodeRecord, record: WasmNodeRecord) -> Iterator[Action]:
    yield from _labels(node, None)
    yield DeleteWasmNode(name=record.name, uid=record.uid, resource_version=record.resource_version)


def _labels(node: NodeRecord, record: WasmNodeRecord | None) -> Iterator[LabelNode]:
    changes = label_changes(node, record)
    if changes:
        yield LabelNode(node.name, node.uid, changes, had_labels=bool(node.labels))


def _write(record: WasmNodeRecord, status: WasmNodeStatus) -> Iterator[WriteNodeStatus]:
    if status != record.status:
        yield WriteNodeStatus(record.name, record.resource_version, status)
