"""What a run that did not reach its goal leaves in the status of its WasmNode."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from wasmwright_installer.contract import ADOPTABLE, ExitCode
from wasmwright_operator import names
from wasmwright_operator.api.wasmnode import (
    InstalledRuntime,
    NodeState,
    RunError,
    WasmNodeStatus,
)
from wasmwright_operator.conditions import rfc3339
from wasmwright_operator.node.adoptable import HOW
from wasmwright_operator.node.backoff import Prospect, is_failure, next_try, prospect
from wasmwright_operator.node.installed import as_told, left
from wasmwright_operator.node.outcome import Outcome
from wasmwright_operator.node.reasons import SMOKE_TEST_FAILED
from wasmwright_operator.records import WasmNodeRecord

_MESSAGE: Final = 4096


def after_failure(
    record: WasmNodeRecord, status: WasmNodeStatus, problem: Outcome, now: datetime
) -> WasmNodeStatus:
    """Return the status with the failure, how many there were in a row, and the next try."""
    kind = prospect(problem.reason, problem.exit_code)
    failures = _in_a_row(record, kind)
    has_ended = _is_spent(record, kind, failures)
    due = None if has_ended else next_try(kind, failures, record.uid, now)
    since = rfc3339(now) if is_failure(kind, failures) else ""
    return status.model_copy(
        update={
            "state": _state(problem, kind),
            "failures": failures,
            "failing_since": status.failing_since or since,
            "runtimes": tuple(_runtimes(record, problem)),
            "stored": (),
            "last_error": RunError(
                reason=problem.reason,
                message=_told(problem, failures if has_ended else 0, due),
                exit_code=problem.exit_code,
                time=rfc3339(now),
            ),
            "next_retry": rfc3339(due) if due else "",
        }
    )


def _runtimes(record: WasmNodeRecord, problem: Outcome) -> Iterator[InstalledRuntime]:
    """What failed no smoke test was proved to be served all the same."""
    if problem.reason == SMOKE_TEST_FAILED and problem.result is not None:
        return as_told(record, problem.result)
    return left(record, problem)


def _state(problem: Outcome, kind: Prospect) -> NodeState:
    if kind is Prospect.WAITS_FOR_PODS:
        return NodeState.BLOCKED
    if problem.reason == ADOPTABLE:
        return NodeState.ADOPTABLE
    is_unsupported = problem.exit_code == ExitCode.UNSUPPORTED
    return NodeState.UNSUPPORTED if is_unsupported else NodeState.FAILED


def _in_a_row(record: WasmNodeRecord, kind: Prospect) -> int:
    """Count this failure; a person who starts a node again that was left alone starts from 1.

    Waiting for pods, or being cut off, is no failure that a real one would have to add to.
    """
    status, error = record.status, record.status.last_error
    if status.concluded_hash != record.spec.hash or error is None or not status.next_retry:
        return 1
    was = prospect(error.reason, error.exit_code)
    is_first = was in {Prospect.WAITS_FOR_PODS, Prospect.INTERRUPTED} and was is not kind
    return 1 if is_first else status.failures + 1


def _is_spent(record: WasmNodeRecord, kind: Prospect, failures: int) -> bool:
    limit = record.spec.max_attempts
    return bool(limit) and failures >= limit and kind is not Prospect.WAITS_FOR_PODS


def _told(problem: Outcome, attempts: int, due: datetime | None) -> str:
    """Return the message, and for a node that is left alone also what starts it again."""
    message = problem.message
    if due is not None:
        return message[:_MESSAGE]
    if problem.reason == ADOPTABLE:
        return f"{message[: _MESSAGE - len(HOW) - 2]}; {HOW}"
    after = f"after {attempts} runs without success" if attempts else "since it would end the same"
    rest = (
        f"; it is not tried again by itself {after}: change the WasmRuntime, or set the node's"
        f" annotation {names.RETRY} to a new value"
    )
    return message[: _MESSAGE - len(rest)] + rest
