from dataclasses import replace
from datetime import timedelta

import pytest

from unit.operator import given
from unit.operator.node.plans import FIRST, NODE, READY, SPIN, ended, kinds, plan, written
from wasmwright_installer.contract import ExitCode
from wasmwright_operator import names
from wasmwright_operator.actions import CreateJob, LabelNode, Wake, WriteNodeStatus
from wasmwright_operator.api.wasmnode import NodeState
from wasmwright_operator.records import RunKey, WasmNodeRecord


def test_admitted_run__without_a_job__creates_exactly_one() -> None:
    (action,) = plan(FIRST)

    assert isinstance(action, CreateJob)
    assert action.run == RunKey(FIRST.uid, given.HASH, 1)
    document = action.document
    assert (document.node.name, document.node.uid, document.node.machine_id) == (
        "n1",
        "n1-uid",
        "m1",
    )
    assert (document.hash, document.runtimes) == (given.HASH, (given.entry(),))


def test_admitted_run__with_its_job__creates_no_second_one() -> None:
    assert plan(FIRST, given.job(FIRST), after=-1) == (Wake(given.NOW + timedelta(seconds=28)),)


def test_admitted_run__with_the_job_of_an_earlier_one__creates_its_own() -> None:
    second = given.wasm_node("n1", given.entry(), attempt=2)

    assert kinds(plan(second, given.job(FIRST), ended(FIRST, ExitCode.DONE, "Done"))) == [
        "CreateJob"
    ]


def test_removal__label_is_demoted_before_the_job_starts() -> None:
    emptied = given.wasm_node("n1", status=READY, attempt=2, changes=("spin",))
    node = given.node("n1", labels={SPIN: "ready", names.PROVISIONED: "true"})

    labels, job = plan(emptied, node=node)

    assert isinstance(labels, LabelNode)
    assert labels.changes == {SPIN: "removing", names.PROVISIONED: None}
    assert isinstance(job, CreateJob)
    assert job.document.runtimes == ()


def test_success__is_two_writes__status_then_labels() -> None:
    status, labels = plan(FIRST, given.job(FIRST), ended(FIRST, ExitCode.DONE, "Done"))

    assert isinstance(status, WriteNodeStatus)
    assert (status.status.state, status.status.summary) == (NodeState.READY, "spin ready")
    assert status.status.installed_hash == given.HASH
    assert isinstance(labels, LabelNode)
    assert labels.changes == {SPIN: "ready", names.PROVISIONED: "true"}


def test_success__written_down__leaves_nothing_to_do() -> None:
    status, labels = plan(FIRST, ended(FIRST, ExitCode.DONE, "Done"))
    assert isinstance(status, WriteNodeStatus)
    assert isinstance(labels, LabelNode)
    after = replace(FIRST, status=status.status)
    labelled = replace(NODE, labels={**NODE.labels, **labels.changes})  # type: ignore[dict-item]

    assert plan(after, given.job(FIRST), node=labelled) == ()


@pytest.mark.parametrize(
    "record",
    [None, given.wasm_node("n1", given.entry(), node_uid="earlier", status=READY)],
    ids=["no-wasm-node", "of-an-earlier-node"],
)
def test_labels_of_ours__without_a_wasm_node__are_removed(record: WasmNodeRecord | None) -> None:
    (action,) = plan(record, node=given.node("n1", labels={SPIN: "ready"}))

    assert isinstance(action, LabelNode)
    assert action.changes == {SPIN: None}
    assert plan(record) == ()


def test_node__gone__needs_nothing() -> None:
    assert plan(FIRST, node=None) == ()


def test_run__whose_job_was_deleted__is_tried_again_under_another_name() -> None:
    lost = frozenset({RunKey(FIRST.uid, given.HASH, 1)})
    status = written(plan(FIRST, lost=lost))

    assert status.last_error is not None
    assert status.last_error.reason == "JobLost"
    assert status.next_retry
