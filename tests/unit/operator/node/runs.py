"""Runs as their Jobs and pods show them, and what is made of that."""

from datetime import datetime, timedelta

from unit.operator import given
from wasmwright_installer.contract import ExitCode
from wasmwright_operator.node.outcome import Outcome
from wasmwright_operator.node.progress import observe_run
from wasmwright_operator.records import PodRecord

RECORD = given.wasm_node("n1", given.entry())
JOB = given.job(RECORD)
POD = given.pod(RECORD)
LATER = given.NOW + timedelta(seconds=90)
ENDED = "2026-05-04T11:59:59Z"
OVERDUE = given.job(RECORD, overdue_since=ENDED)


def observe(
    job: object = None,
    *pods: PodRecord,
    was_lost: bool = False,
    now: datetime = given.NOW,
) -> object:
    return observe_run(job, pods, was_lost=was_lost, now=now)  # type: ignore[arg-type]


def outcome(*pods: PodRecord, job: object = JOB, now: datetime = given.NOW) -> Outcome:
    found = observe(job, *pods, now=now)
    assert isinstance(found, Outcome)
    return found


def told(exit_code: ExitCode, reason: str) -> str:
    return given.result(exit_code=exit_code, reason=reason).model_dump_json(by_alias=True)
