"""What is written when a run starts, while it lasts and when it has ended."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from wasmwright_operator.actions import Action, CreateJob, DeleteJob, Wake
from wasmwright_operator.api.wasmnode import NodeState, WasmNodeStatus
from wasmwright_operator.conditions import parse_time
from wasmwright_operator.node.conclusion import conclude
from wasmwright_operator.node.cordon import is_wanted, uncordon
from wasmwright_operator.node.description import described, write_status
from wasmwright_operator.node.document import document_of
from wasmwright_operator.node.labels import relabel
from wasmwright_operator.node.outcome import Outcome, Underway
from wasmwright_operator.node.preparation import Preparing, prepare
from wasmwright_operator.node.release import forget, is_given_back
from wasmwright_operator.records import JobRecord, NodeRecord, PodsLook, RunKey, WasmNodeRecord

_SLOW: Final = timedelta(seconds=30)
"""A run that takes longer says so in the status; one that takes its usual time is spared the write,
which would be the fifth about its node."""
_VERY_SLOW: Final = timedelta(seconds=60)
"""Until then it says so once; how far a run is after that people want to know at once."""


def started(
    node: NodeRecord, record: WasmNodeRecord, run: RunKey, look: PodsLook | None, now: datetime
) -> Iterator[Action]:
    """Labels first: no new pod may come for a runtime that is about to go."""
    yield from relabel(node, record)
    if not is_wanted(record):
        yield from uncordon(node, record)
    match prepare(node, record, look, now):
        case None:
            yield CreateJob(node=node.name, run=run, document=document_of(node, record))
        case Preparing(actions):
            yield from actions
        case Outcome() as outcome:
            yield from ended(node, record, None, outcome, now)


def underway(
    node: NodeRecord,
    record: WasmNodeRecord,
    job: JobRecord | None,
    progress: Underway,
    now: datetime,
) -> Iterator[Action]:
    """Yield what is written while a run goes on: a usual one is spared a write that says so."""
    yield from relabel(node, record)
    yield from uncordon(node, record)
    created = parse_time(job.created) if job is not None else None
    was_told = record.status.state is NodeState.APPLYING
    slow_at = created + (_VERY_SLOW if was_told else _SLOW) if created is not None else None
    if slow_at is not None and now >= slow_at:
        yield from write_status(record, _applying(record, progress, now))
    times = [at for at in (slow_at, progress.look_again) if at is not None and at > now]
    if times:
        yield Wake(min(times))


def _applying(record: WasmNodeRecord, progress: Underway, now: datetime) -> WasmNodeStatus:
    status = record.status.model_copy(update={"state": NodeState.APPLYING})
    return described(record, status, now, note=progress.note)


def ended(
    node: NodeRecord,
    record: WasmNodeRecord,
    job: JobRecord | None,
    outcome: Outcome,
    now: datetime,
) -> Iterator[Action]:
    """Yield what a run leaves, its Job stopped first if that could still do something."""
    if outcome.must_stop_job and job is not None and not job.deleting:
        yield DeleteJob(name=job.name, uid=job.uid)
    after = replace(record, status=conclude(node, record, outcome, now))
    if is_given_back(after):
        yield from forget(node, after)
        return
    yield from write_status(record, after.status)
    yield from relabel(node, after)
    yield from uncordon(node, after)
