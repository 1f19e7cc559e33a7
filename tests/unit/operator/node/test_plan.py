from dataclasses import replace
from datetime import timedelta

import pytest

from unit.operator import given
from unit.operator.node.plans import FIRST, NODE, READY, SPIN, ended, kinds, plan, written
from wasmwright_installer.contract import ExitCode, RuntimeResult, RuntimeState
from wasmwright_operator import names
from wasmwright_operator.actions import (
    CreateJob,
    DeleteJob,
    DeleteWasmNode,
    LabelNode,
    Wake,
    WriteNodeStatus,
)
from wasmwright_operator.api.wasmnode import (
    Cause,
    NodeState,
    Refusal,
    WasmNodeStatus,
)
from wasmwright_operator.conditions import find
from wasmwright_operator.manifests import JobPolicy
from wasmwright_operator.manifests.jobs import JobTemplate, built_in_template
from wasmwright_operator.node import plan_refusal
from wasmwright_operator.records import (
    ContainerRecord,
    ContainerState,
    RunKey,
    WasmNodeRecord,
)


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


def test_success__facts_of_the_node__are_kept() -> None:
    pod = ended(
        FIRST,
        ExitCode.DONE,
        "Done",
        boot_id="b",
        container_runtime="containerd 2.1",
        handlers=("runc", "spin"),
        warnings=("w",),
    )
    status = written(plan(FIRST, pod))

    assert (status.boot_id, status.container_runtime) == ("b", "containerd 2.1")
    assert (status.handlers, status.warnings) == (("runc", "spin"), ("w",))


def test_success__written_down__leaves_nothing_to_do() -> None:
    status, labels = plan(FIRST, ended(FIRST, ExitCode.DONE, "Done"))
    assert isinstance(status, WriteNodeStatus)
    assert isinstance(labels, LabelNode)
    after = replace(FIRST, status=status.status)
    labelled = replace(NODE, labels={**NODE.labels, **labels.changes})  # type: ignore[dict-item]

    assert plan(after, given.job(FIRST), node=labelled) == ()


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (given.result(), "RuntimeNotServed"),
        (given.result("other"), "RuntimeNotServed"),
        (given.result("spin", hash="c" * 64), "ResultMismatch"),
    ],
    ids=["nothing-ready", "another-ready", "another-run"],
)
def test_success__that_does_not_prove_what_was_wanted__is_a_failure(
    result: object, reason: str
) -> None:
    message = result.model_dump_json(by_alias=True)  # type: ignore[attr-defined]
    actions = plan(FIRST, given.pod(FIRST, apply=given.terminated(0, message)))
    status = written(actions)

    assert status.last_error is not None
    assert (status.state, status.last_error.reason) == (NodeState.FAILED, reason)
    assert isinstance(actions[1], LabelNode)
    assert actions[1].changes == {SPIN: "failed"}


@pytest.mark.parametrize(
    ("exit_code", "state", "retries"),
    [
        (ExitCode.UNSUPPORTED, NodeState.UNSUPPORTED, False),
        (ExitCode.CONFLICT, NodeState.FAILED, False),
        (ExitCode.ARTIFACT, NodeState.FAILED, True),
        (ExitCode.ROLLED_BACK, NodeState.FAILED, True),
        (ExitCode.IN_USE, NodeState.BLOCKED, True),
    ],
)
def test_failure__tells_reason_and_next_retry(
    exit_code: ExitCode, state: NodeState, *, retries: bool
) -> None:
    status = written(plan(FIRST, ended(FIRST, exit_code, "SomeReason")))

    assert (status.state, status.failures) == (state, 1)
    assert status.last_error is not None
    assert (status.last_error.reason, status.last_error.exit_code) == ("SomeReason", exit_code)
    assert bool(status.next_retry) == retries
    ready = find(status.conditions, "Ready")
    assert ready is not None
    assert (ready.status, ready.reason) == ("False", "SomeReason")
    assert (status.concluded_hash, status.concluded_attempt) == (given.HASH, 1)
    assert status.installed_hash == ""


def test_failure__of_the_same_hash_again__counts_on_and_of_another_starts_over() -> None:
    status = written(plan(FIRST, ended(FIRST, ExitCode.ARTIFACT, "X")))
    again = given.wasm_node("n1", given.entry(), attempt=2, status=status)
    other = given.wasm_node("n1", given.entry(), attempt=2, hash="b" * 64, status=status)

    assert written(plan(again, ended(again, ExitCode.ARTIFACT, "X"))).failures == 2
    assert written(plan(other, ended(other, ExitCode.ARTIFACT, "X"))).failures == 1


def test_failure__before_the_installer_saw_the_node__still_names_its_container_runtime() -> None:
    node = replace(NODE, container_runtime="containerd://2.4.2")
    pod = ended(FIRST, ExitCode.ARTIFACT, "DownloadFailed")
    assert written(plan(FIRST, pod, node=node)).container_runtime == "containerd://2.4.2"
    told = ended(FIRST, ExitCode.ARTIFACT, "NotExecutable", container_runtime="containerd://2.4.3")
    assert written(plan(FIRST, told, node=node)).container_runtime == "containerd://2.4.3"


def test_blocked_run__names_the_pods() -> None:
    pod = ended(FIRST, ExitCode.IN_USE, "PodsInUse", blocking_pods=("default/web",))

    assert written(plan(FIRST, pod)).blocking_pods == ("default/web",)


def upgraded(exit_code: ExitCode, *told: RuntimeResult) -> WasmNodeStatus:
    record = given.wasm_node(
        "n1",
        given.entry(config={"snapshotter": "new"}),
        hash="b" * 64,
        attempt=2,
        status=READY,
    )
    return written(plan(record, ended(record, exit_code, "X", runtimes=told)))


DENIED = RuntimeResult(name="spin", handler="spin", state=RuntimeState.FAILED, message="broken")


def ended_upgrade(status: WasmNodeStatus) -> tuple[str, str]:
    (installed,) = status.runtimes
    return installed.state.value, installed.version


def test_failed_upgrade__the_older_revision_is_still_served() -> None:
    status = upgraded(ExitCode.ARTIFACT)

    assert ended_upgrade(status) == ("ready", "1")
    assert status.installed_hash == given.HASH


def test_failed_upgrade__denied_by_the_result_or_not_rolled_back__is_not_ready() -> None:
    record = given.wasm_node("n1", given.entry(), hash="b" * 64, attempt=2, status=READY)
    result = given.result(exit_code=ExitCode.ROLLED_BACK, reason="X", hash="b" * 64)
    denied = result.model_copy(update={"runtimes": (DENIED,)}).model_dump_json(by_alias=True)

    told = written(plan(record, given.pod(record, apply=given.terminated(31, denied))))

    assert told.runtimes[0].state is RuntimeState.FAILED
    assert told.runtimes[0].message == "broken"
    assert ended_upgrade(upgraded(ExitCode.ROLLBACK_FAILED))[0] == "failed"


def test_given_back__labels_go_then_the_wasm_node() -> None:
    emptied = given.wasm_node("n1", status=READY, attempt=2, changes=("spin",), hash="b" * 64)
    node = given.node("n1", labels={SPIN: "removing", "x": "y"})

    labels, delete = plan(emptied, ended(emptied, ExitCode.DONE, "Done"), node=node)

    assert isinstance(labels, LabelNode)
    assert labels.changes == {SPIN: None}
    assert isinstance(delete, DeleteWasmNode)
    assert (delete.uid, delete.resource_version) == (emptied.uid, emptied.resource_version)


def test_removal_that_failed__keeps_the_wasm_node_and_the_label() -> None:
    emptied = given.wasm_node("n1", status=READY, attempt=2, changes=("spin",), hash="b" * 64)
    node = given.node("n1", labels={SPIN: "removing"})

    (status,) = plan(emptied, ended(emptied, ExitCode.IN_USE, "InUse"), node=node)

    assert isinstance(status, WriteNodeStatus)
    assert status.status.state is NodeState.BLOCKED
    assert [item.name for item in status.status.runtimes] == ["spin"]


REFUSAL = Refusal(name="x", reason="UnknownRuntime", message="the node asks for 'x'")


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        ("UnknownRuntime", NodeState.PENDING),
        ("UnsupportedArchitecture", NodeState.UNSUPPORTED),
    ],
)
def test_refused_wishes__without_any_run__are_told_in_the_conditions(
    reason: str, state: NodeState
) -> None:
    refusal = REFUSAL.model_copy(update={"reason": reason})
    record = given.wasm_node("n1", hash="", attempt=0, refused=(refusal,), generation=3)
    status = written(plan(record))

    assert status.state is state
    for kind in ("Accepted", "Ready"):
        found = find(status.conditions, kind)
        assert found is not None
        assert (found.status, found.reason) == ("False", reason)
        assert found.observed_generation == 3
    assert plan(replace(record, status=status)) == ()


def test_refused_wishes__taken_back__end_the_wasm_node() -> None:
    assert kinds(plan(given.wasm_node("n1", hash="", attempt=0))) == ["DeleteWasmNode"]


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


def test_run__that_is_slow__says_what_it_waits_for() -> None:
    pod = given.pod(
        FIRST, created="2026-05-04T12:00:00Z", apply=given.waiting("ErrImagePull", "no route")
    )
    quick = plan(FIRST, given.job(FIRST), pod)
    usual = plan(FIRST, given.job(FIRST), pod, after=27)
    slow = plan(FIRST, given.job(FIRST), pod, after=29)

    assert kinds(quick) == kinds(usual) == ["Wake"]
    status = written(slow)
    assert status.state is NodeState.APPLYING
    ready = find(status.conditions, "Ready")
    assert ready is not None
    assert (ready.reason, "no route" in ready.message) == ("Applying", True)
    assert kinds(plan(replace(FIRST, status=status), given.job(FIRST), pod, after=30)) == ["Wake"]


def test_run__that_is_slow__says_how_far_it_is_once_in_the_first_minute() -> None:
    job = given.job(FIRST)
    told = replace(FIRST, status=written(plan(FIRST, job, after=30)))
    further = given.pod(FIRST, apply=ContainerRecord(ContainerState.RUNNING))

    assert kinds(plan(told, job, further, after=40)) == ["Wake"]
    assert kinds(plan(told, job, further, after=70)) == ["WriteNodeStatus"]


def test_run__that_cannot_start__is_stopped_before_its_end_is_written() -> None:
    pod = given.pod(FIRST, apply=given.waiting("ImagePullBackOff", "no such image"))

    delete, status, labels = plan(FIRST, given.job(FIRST), pod, after=90)

    assert delete == DeleteJob("job-1", "job-1-uid")
    assert isinstance(status, WriteNodeStatus)
    assert status.status.last_error is not None
    assert status.status.last_error.reason == "ImagePullBackOff"
    assert isinstance(labels, LabelNode)


def test_run__whose_job_was_deleted__is_tried_again_under_another_name() -> None:
    lost = frozenset({RunKey(FIRST.uid, given.HASH, 1)})
    status = written(plan(FIRST, lost=lost))

    assert status.last_error is not None
    assert status.last_error.reason == "JobLost"
    assert status.next_retry


def test_job__that_the_api_server_refuses__is_a_failed_run() -> None:
    (create,) = plan(FIRST)
    assert isinstance(create, CreateJob)

    status = written(plan_refusal(NODE, FIRST, create, "quota exceeded", given.NOW))

    assert status.last_error is not None
    assert status.last_error.reason == "JobRefused"
    assert status.last_error.message.startswith("quota exceeded; ")
    assert status.next_retry


def test_success__lists_what_the_store_holds__and_a_failure_forgets_it() -> None:
    held = ended(FIRST, ExitCode.DONE, "Ready", stored=("a" * 64, "b" * 64))
    status = written(plan(FIRST, held))
    assert status.stored == ("a" * 64, "b" * 64)
    after = replace(given.wasm_node("n1", given.entry(), attempt=2), status=status)
    assert written(plan(after, ended(after, ExitCode.ARTIFACT, "StoreDamaged"))).stored == ()


@pytest.mark.parametrize(
    ("wanted", "cause", "expected"),
    [
        ("b" * 64, Cause.UPDATE, ("c" * 64,)),
        (given.HASH, Cause.REINSTALL, ()),
        (given.HASH, Cause.DRIFTED, ()),
        (given.HASH, Cause.VERIFY, ("c" * 64,)),
        (given.HASH, Cause.REBOOTED, ("c" * 64,)),
    ],
    ids=["something else is wanted", "reinstall", "drifted", "verify", "rebooted"],
)
def test_run__store_holds_something__is_told_of_it_unless_it_repeats_a_success(
    wanted: str, cause: Cause, expected: tuple[str, ...]
) -> None:
    record = given.wasm_node("n1", given.entry(), attempt=2)
    record = replace(
        record,
        spec=record.spec.model_copy(update={"hash": wanted, "cause": cause, "keep_versions": 2}),
        status=READY.model_copy(update={"stored": ("c" * 64,)}),
    )
    (job,) = [item for item in plan(record) if isinstance(item, CreateJob)]
    assert (job.document.stored, job.document.keep_versions) == (expected, 2)


@pytest.mark.parametrize(
    ("stored", "fetches"), [((), True), (("b" * 64,), False)], ids=["absent", "in the store"]
)
def test_job__binary_is_in_the_store__has_nothing_to_fetch(
    stored: tuple[str, ...], *, fetches: bool
) -> None:
    record = given.wasm_node("n1", given.entry(source=given.http("amd64", sha256="b" * 64)))
    (action,) = [item for item in plan(record) if isinstance(item, CreateJob)]
    known = replace(action, document=action.document.model_copy(update={"stored": stored}))
    manifest = JobTemplate(built_in_template(), JobPolicy("here", "image")).render(known)
    assert ("initContainers" in manifest["spec"]["template"]["spec"]) is fetches
