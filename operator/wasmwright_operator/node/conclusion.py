"""Fold the end of a run into the status of its WasmNode."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from wasmwright_installer.contract import ApplyResult, ExitCode, RuntimeState
from wasmwright_operator.api.wasmnode import Cause, Leftover, NodeState, WasmNodeStatus
from wasmwright_operator.conditions import capped, rfc3339
from wasmwright_operator.node.description import described
from wasmwright_operator.node.failure import after_failure
from wasmwright_operator.node.installed import as_told
from wasmwright_operator.node.loss import NOT_SERVED, after_lost_store, denial, is_store_lost
from wasmwright_operator.node.outcome import Outcome
from wasmwright_operator.records import NodeRecord, WasmNodeRecord

_LISTED: Final = 64
_WARNINGS: Final = 16


def conclude(
    node: NodeRecord, record: WasmNodeRecord, outcome: Outcome, now: datetime
) -> WasmNodeStatus:
    """Return the status after a run: with success what it says, else what was there before.

    What the store holds is not believed after a failure, since that may have been the reason.
    """
    problem = problem_of(node, record, outcome)
    status = _fresh_facts(record.status, outcome.result)
    status = status.model_copy(
        update={
            "container_runtime": status.container_runtime or node.known_runtime,
            "concluded_hash": record.spec.hash,
            "concluded_attempt": record.spec.attempt,
            "concluded_at": rfc3339(now),
            "boot_id": _boot_id(node, record, outcome.result),
            "kubelet_runtime": node.known_runtime or status.kubelet_runtime,
            "draining_since": "",
            "blocking_pods": _blocking_pods(outcome),
        }
    )
    if problem is None and outcome.result is not None:
        status = _after_success(record, status, outcome.result)
    elif is_store_lost(record, outcome):
        status = after_lost_store(record, status, outcome, now)
    else:
        status = after_failure(record, status, problem or outcome, now)
    return described(record, status, now)


def _blocking_pods(outcome: Outcome) -> tuple[str, ...]:
    told = outcome.result.blocking_pods if outcome.result else ()
    return (outcome.blocking_pods or told)[:_LISTED]


def _boot_id(node: NodeRecord, record: WasmNodeRecord, result: ApplyResult | None) -> str:
    """Return the boot in which the run happened; one that told nothing leaves the one before.

    After a run because of a reboot the kubelet is believed, so that a node on which kubelet and
    installer disagree for ever is not looked at for ever.
    """
    if result is None:
        return record.status.boot_id
    if record.spec.cause is Cause.REBOOTED and node.boot_id:
        return node.boot_id
    return result.boot_id or node.boot_id


def problem_of(node: NodeRecord, record: WasmNodeRecord, outcome: Outcome) -> Outcome | None:
    """Return the outcome if it is no success, or why a success is not believed."""
    if not outcome.is_success or outcome.result is None:
        return outcome
    result = outcome.result
    if result.hash and result.hash != record.spec.hash:
        return Outcome("ResultMismatch", f"the result is about {result.hash[:12]}, another run's")
    served = {item.name for item in result.runtimes if item.state is RuntimeState.READY}
    missing = {entry.name for entry in record.spec.runtimes} - served
    if missing:
        return Outcome("RuntimeNotServed", f"the node does not serve {capped(missing)}")
    denied = denial(node, record)
    return Outcome(NOT_SERVED, denied, result=result) if denied else None


def _fresh_facts(status: WasmNodeStatus, result: ApplyResult | None) -> WasmNodeStatus:
    """Take over what a result says of the node; what it leaves empty was not found out."""
    if result is None:
        return status
    facts = {
        name: getattr(result, name) or getattr(status, name)
        for name in (
            "machine_id",
            "container_runtime",
            "distribution",
            "config_file",
            "plugin_table",
        )
    }
    facts["handlers"] = result.handlers[:_LISTED] or status.handlers
    facts["warnings"] = result.warnings[:_WARNINGS]
    if result.exit_code is ExitCode.DONE:
        facts["leftovers"] = tuple(_leftovers(result))
    return status.model_copy(update=facts)


def _after_success(
    record: WasmNodeRecord, status: WasmNodeStatus, result: ApplyResult
) -> WasmNodeStatus:
    wanted = {entry.name for entry in record.spec.runtimes}
    return status.model_copy(
        update={
            "state": NodeState.READY if wanted else NodeState.PENDING,
            "installed_hash": record.spec.hash,
            "failures": 0,
            "failing_since": "",
            "runtimes": tuple(as_told(record, result)),
            "stored": result.stored[:_LISTED],
            "last_error": None,
            "next_retry": "",
        }
    )


def _leftovers(result: ApplyResult) -> Iterator[Leftover]:
    for left in result.leftovers:
        yield Leftover(
            predecessor=left.predecessor,
            handlers=left.handlers[:_LISTED],
            in_use=left.in_use[:_LISTED],
        )
