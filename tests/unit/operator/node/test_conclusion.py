from dataclasses import replace

import pytest

from unit.operator import given
from unit.operator.node.plans import FIRST, NODE, READY, SPIN, ended, plan, written
from wasmwright_installer.contract import ExitCode, RuntimeResult, RuntimeState
from wasmwright_operator.actions import LabelNode
from wasmwright_operator.api.wasmnode import NodeState, WasmNodeStatus
from wasmwright_operator.conditions import find


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


def test_success__lists_what_the_store_holds__and_a_failure_forgets_it() -> None:
    held = ended(FIRST, ExitCode.DONE, "Ready", stored=("a" * 64, "b" * 64))
    status = written(plan(FIRST, held))
    assert status.stored == ("a" * 64, "b" * 64)
    after = replace(given.wasm_node("n1", given.entry(), attempt=2), status=status)
    assert written(plan(after, ended(after, ExitCode.ARTIFACT, "StoreDamaged"))).stored == ()
