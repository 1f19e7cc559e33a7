"""Runs that end only after a pod has run wasm on the node."""

from dataclasses import replace

import pytest

from unit.operator import given
from unit.operator.node.plans import FIRST, NODE, READY, SPIN, ended, kinds, plan, written
from wasmwright_installer.contract import ExitCode, RuntimeState
from wasmwright_operator import names
from wasmwright_operator.actions import (
    CreateSmokeTest,
    DeletePod,
    LabelNode,
    WriteNodeStatus,
)
from wasmwright_operator.api.wasmnode import (
    NodeState,
    SmokeTest,
)
from wasmwright_operator.conditions import find
from wasmwright_operator.node import plan_refusal
from wasmwright_operator.node.smoketest import GREETING
from wasmwright_operator.records import (
    ContainerRecord,
    PodRecord,
    SmokeTestRecord,
    WasmNodeRecord,
)

READY_NODE = replace(NODE, labels={SPIN: "ready", names.PROVISIONED: "true"})


TESTED = given.wasm_node("n1", given.entry(), smoke_tests=(SmokeTest(runtime="spin"),))


def smoke_test(record: WasmNodeRecord, container: ContainerRecord | None = None) -> PodRecord:
    kept = given.result("spin").model_dump_json(by_alias=True)
    told = SmokeTestRecord("spin", kept, container)
    return replace(given.pod(record), name="test", uid="test-uid", job="", smoke_test=told)


def test_success__that_is_to_be_tested__leaves_node_as_it_is_until_wasm_ran() -> None:
    proved = ended(TESTED, ExitCode.DONE, "Done")

    begun = plan(TESTED, given.job(TESTED), proved)
    waits = plan(TESTED, given.job(TESTED), proved, smoke_test(TESTED))
    late = plan(TESTED, given.job(TESTED), proved, smoke_test(TESTED), after=40)

    assert kinds(begun) == ["CreateSmokeTest", "Wake"]
    assert kinds(waits) == ["Wake"]
    assert kinds(late) == ["WriteNodeStatus", "Wake"]
    assert written(late).state is NodeState.APPLYING
    ready = find(written(late).conditions, "Ready")
    assert ready is not None
    assert ready.message == "waiting for the smoke test of spin"


@pytest.mark.parametrize("has_job", [True, False])
def test_smoke_test__that_ran__is_the_end_of_the_run__whatever_became_of_its_job(
    *, has_job: bool
) -> None:
    work = (given.job(TESTED), ended(TESTED, ExitCode.DONE, "Done")) if has_job else ()
    passed = smoke_test(TESTED, given.terminated(0, GREETING))

    status, labels = plan(TESTED, *work, passed)

    assert isinstance(status, WriteNodeStatus)
    assert (status.status.state, status.status.installed_hash) == (NodeState.READY, given.HASH)
    assert isinstance(labels, LabelNode)
    assert labels.changes == {SPIN: "ready", names.PROVISIONED: "true"}


def test_smoke_test__that_failed__keeps_the_node_from_ready_and_is_tried_again() -> None:
    status, labels = plan(TESTED, smoke_test(TESTED, given.terminated(137, "trap")))

    assert isinstance(status, WriteNodeStatus)
    error = status.status.last_error
    assert error is not None
    assert (error.reason, error.exit_code) == ("SmokeTestFailed", None)
    assert "trap" in error.message
    assert (status.status.state, status.status.failures) == (NodeState.FAILED, 1)
    assert status.status.next_retry
    assert status.status.installed_hash == ""
    assert isinstance(labels, LabelNode)
    assert labels.changes == {SPIN: "failed"}


def test_smoke_test__that_failed__takes_the_label_from_a_node_that_was_ready() -> None:
    again = replace(TESTED, status=READY, spec=TESTED.spec.model_copy(update={"attempt": 2}))
    _status, labels = plan(again, smoke_test(again, given.terminated(1, "no")), node=READY_NODE)

    assert isinstance(labels, LabelNode)
    assert labels.changes == {SPIN: "failed", names.PROVISIONED: None}


def test_smoke_test__that_failed__leaves_other_runtimes_of_the_run_ready() -> None:
    tests = (SmokeTest(runtime="spin"),)
    both = given.wasm_node("n1", given.entry(), given.entry("wasmtime"), smoke_tests=tests)
    kept = given.result("spin", "wasmtime").model_dump_json(by_alias=True)
    told = SmokeTestRecord("spin", kept, given.terminated(1, "no"))
    status = written(plan(both, replace(given.pod(both), smoke_test=told)))

    assert {item.name: item.state for item in status.runtimes} == {
        "spin": RuntimeState.FAILED,
        "wasmtime": RuntimeState.READY,
    }


def test_smoke_test__of_a_run_that_proved_nothing__is_not_begun() -> None:
    actions = plan(TESTED, given.job(TESTED), ended(TESTED, ExitCode.ROLLED_BACK, "RolledBack"))

    assert kinds(actions) == ["WriteNodeStatus", "LabelNode"]
    assert written(actions).last_error is not None


def test_smoke_test__that_the_api_server_refuses__is_a_failure() -> None:
    (action, _wake) = plan(TESTED, given.job(TESTED), ended(TESTED, ExitCode.DONE, "Done"))
    assert isinstance(action, CreateSmokeTest)

    status = written(plan_refusal(NODE, TESTED, action, "exceeded quota", given.NOW))

    assert status.last_error is not None
    assert status.last_error.reason == "SmokeTestFailed"
    assert "exceeded quota" in status.last_error.message


@pytest.mark.parametrize(
    "record", [None, FIRST, replace(FIRST, status=READY)], ids=["forgotten", "next-run", "settled"]
)
def test_smoke_test__of_a_run_that_is_over__is_removed_once(record: WasmNodeRecord | None) -> None:
    pod = smoke_test(given.wasm_node("n1", given.entry(), attempt=7))

    removed = [it for it in plan(record, pod) if isinstance(it, DeletePod)]
    assert removed == [DeletePod("test", "test-uid")]
    assert "DeletePod" not in kinds(plan(record, replace(pod, deleting=True)))
