from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from unit.operator import given
from wasmwright_installer.contract import ExitCode
from wasmwright_operator import names
from wasmwright_operator.actions import Action, LabelNode, Wake, WriteNodeStatus
from wasmwright_operator.api.wasmnode import Cause, NodeState, WasmNodeStatus
from wasmwright_operator.conditions import find, rfc3339
from wasmwright_operator.node import NodeView, plan_node
from wasmwright_operator.node.conclusion import conclude
from wasmwright_operator.node.outcome import Outcome
from wasmwright_operator.records import NodeRecord, WasmNodeRecord

SPIN = names.runtime_label("spin")
LABELS = {SPIN: "ready", names.PROVISIONED: "true"}
DONE = Outcome("Done", "", exit_code=0, result=given.result("spin"))
FIRST = given.wasm_node("n1", given.entry(), max_attempts=10)


def node(*handlers: str, **more: Any) -> NodeRecord:
    listed = frozenset(handlers) if handlers else None
    return given.node("n1", labels=dict(LABELS), handlers=listed, **more)


def seconds(number: float) -> Any:
    return given.NOW + timedelta(seconds=number)


def installed(record: WasmNodeRecord = FIRST, *, at: float = 0) -> WasmNodeRecord:
    return replace(record, status=conclude(node("runc"), record, DONE, seconds(at)))


def again(record: WasmNodeRecord, **spec: Any) -> WasmNodeRecord:
    update = {"attempt": record.spec.attempt + 1, **spec}
    return replace(record, spec=record.spec.model_copy(update=update))


def plan(at: float, record: WasmNodeRecord, *handlers: str) -> tuple[Action, ...]:
    return plan_node(NodeView(node(*handlers), record), (), (), seconds(at))


def judged(at: float, record: WasmNodeRecord, *handlers: str) -> WasmNodeRecord:
    """Carry out the write that the kubelet's report leads to."""
    (write,) = [it for it in plan(at, record, *handlers) if isinstance(it, WriteNodeStatus)]
    return replace(record, status=write.status)


def told(status: WasmNodeStatus) -> tuple[str, int, bool]:
    assert status.last_error is not None
    return status.last_error.reason, status.drifts, bool(status.failing_since)


@pytest.mark.parametrize("handlers", [(), ("", "runc", "spin")], ids=["says nothing", "reports it"])
def test_kubelet__does_not_deny_a_handler__nothing_is_to_do(handlers: tuple[str, ...]) -> None:
    assert plan(1000, installed(), *handlers) == ()


def test_kubelet__denies_a_handler_just_after_the_run__is_given_time() -> None:
    assert plan(119, installed(), "runc") == (Wake(seconds(120)),)


def test_kubelet__still_denies_it_then__the_run_has_failed() -> None:
    record = judged(120, installed(), "runc")
    assert told(record.status) == ("HandlerNotServed", 1, True)
    assert (record.status.state, record.status.failures) == (NodeState.FAILED, 1)
    assert record.ready_names == frozenset()
    ready = find(record.status.conditions, "Ready")
    assert ready is not None
    assert (ready.status, ready.reason) == ("False", "HandlerNotServed")
    assert "handler spin" in ready.message


def test_kubelet__ceases_to_report_a_handler__is_drift_and_no_failure() -> None:
    record = judged(5000, installed(), "runc")
    assert told(record.status) == ("Drifted", 1, False)
    assert (record.status.failures, record.undone_names) == (0, {"spin"})
    assert record.status.next_retry == rfc3339(seconds(5000))
    assert record.status.installed_hash == given.HASH


def test_loss__lowers_the_label_in_the_same_plan_and_is_written_once() -> None:
    status, labels = plan(5000, installed(), "runc")
    assert isinstance(status, WriteNodeStatus)
    assert isinstance(labels, LabelNode)
    assert labels.changes == {SPIN: "failed", names.PROVISIONED: None}
    after = replace(installed(), status=status.status)
    lowered = replace(node("runc"), labels={SPIN: "failed"})
    assert plan_node(NodeView(lowered, after), (), (), seconds(5001)) == ()


def test_loss__of_one_of_two__leaves_the_other_ready() -> None:
    both = given.wasm_node("n1", given.entry("spin"), given.entry("wasmtime"))
    done = replace(DONE, result=given.result("spin", "wasmtime"))
    record = replace(both, status=conclude(node("runc"), both, done, given.NOW))
    after = judged(5000, record, "spin")
    assert (after.ready_names, after.undone_names) == ({"spin"}, {"wasmtime"})


def test_loss__on_a_node_that_has_failed__keeps_that_failure() -> None:
    upgrade = again(installed(), hash="b" * 64)
    refused = Outcome("RolledBack", "m", exit_code=31)
    failed = replace(upgrade, status=conclude(node("spin"), upgrade, refused, seconds(60)))
    assert failed.ready_names == {"spin"}
    after = judged(5000, failed, "runc")
    assert told(after.status) == ("RolledBack", 1, True)
    assert after.ready_names == frozenset()
    assert after.status.next_retry == failed.status.next_retry


def test_repair__of_a_node_that_drifts_again_and_again__comes_once_an_hour_at_last() -> None:
    record, now, waits = installed(), 0.0, []
    for _ in range(9):
        now += 200
        record = judged(now, record, "runc")
        due = record.status.next_retry
        waits.append(next(n for n in range(4000) if rfc3339(seconds(now + n)) == due))
        now += waits[-1]
        record = installed(again(record, cause=Cause.DRIFTED), at=now)
        assert record.status.last_error is None
    assert waits == [0, 0, 40, 280, 760, 1720, 3400, 3400, 3400]


def test_late_kubelet__reports_it_after_all__heals_without_a_run() -> None:
    record = judged(130, installed(), "runc")
    healed = judged(500, record, "runc", "spin")
    assert (healed.status.state, healed.ready_names) == (NodeState.READY, {"spin"})
    assert healed.status.last_error is None
    assert (healed.status.failing_since, healed.status.next_retry) == ("", "")
    assert plan(501, healed, "runc", "spin") == ()


def test_drift__handler_back_before_the_repair__is_still_looked_at() -> None:
    record = judged(5000, installed(), "runc")
    assert [it for it in plan(5001, record, "spin") if isinstance(it, WriteNodeStatus)] == []


def test_denial__after_another_success__counts_on_until_no_more_attempts_are_left() -> None:
    record, counts = judged(130, installed(), "runc"), []
    while record.status.next_retry:
        record = again(record)
        record = replace(record, status=conclude(node("runc"), record, DONE, seconds(10_000)))
        counts.append(record.status.failures)
    assert counts == [2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert told(record.status)[0] == "HandlerNotServed"
    assert record.ready_names == frozenset()
    assert judged(20_000, record, "spin").ready_names == {"spin"}


def test_denial__another_goal_succeeds__is_a_new_beginning() -> None:
    other = again(judged(130, installed(), "runc"), hash="b" * 64)
    done = replace(DONE, result=given.result("spin", hash="b" * 64))
    status = conclude(node("runc"), other, done, seconds(200))
    assert (status.state, status.last_error) == (NodeState.READY, None)


@pytest.mark.parametrize("reason", ["ArtifactMissing", "StoreDamaged"])
@pytest.mark.parametrize("cause", [Cause.REBOOTED, Cause.VERIFY, Cause.RUNTIME_CHANGED])
def test_look__at_a_wiped_node__finds_drift_and_no_failure(reason: str, cause: Cause) -> None:
    download = given.wasm_node("n1", given.entry(source=given.http("amd64")))
    look = again(installed(download), cause=cause)
    wiped = Outcome(reason, "the binary is gone", exit_code=ExitCode.ARTIFACT)
    status = conclude(node(), look, wiped, seconds(9000))
    assert told(status) == ("Drifted", 1, False)
    assert status.next_retry == rfc3339(seconds(9000))
    assert (status.stored, replace(look, status=status).ready_names) == ((), frozenset())


def test_upgrade__of_a_wiped_node__is_tried_again_soon_and_blames_nobody() -> None:
    upgrade = again(installed(), hash="b" * 64, cause=Cause.UPDATE)
    wiped = Outcome("ArtifactMissing", "gone", exit_code=ExitCode.ARTIFACT)
    status = conclude(node(), upgrade, wiped, seconds(9000))
    assert told(status) == ("ArtifactMissing", 0, False)
    assert status.next_retry <= rfc3339(seconds(9005))
