"""Nodes first, RuntimeClasses last, then the object; and never silently stuck."""

from dataclasses import replace

import pytest

from unit.operator import given
from unit.operator.fleet.cluster import Record, only, plan
from wasmwright_operator import names
from wasmwright_operator.actions import (
    DeleteRuntimeClass,
    SetFinalizers,
    UpdateWasmNode,
    WriteRuntimeStatus,
)
from wasmwright_operator.api.wasmnode import WasmNodeStatus
from wasmwright_operator.conditions import find
from wasmwright_operator.records import RuntimeClassRecord, WasmNodeRecord

GOING = given.runtime(deleting=True, finalizers=("foreign", names.FINALIZER))
CLASS = RuntimeClassRecord("spin", "class-uid", "spin", runtime="spin")
READY = WasmNodeStatus.model_validate(
    {
        "concluded_hash": given.HASH,
        "concluded_attempt": 1,
        "runtimes": [{"name": "spin", "handler": "spin", "state": "ready"}],
    }
)
HOLDER = given.wasm_node("n1", given.entry(), status=READY)
NODE = given.node("n1", asks="spin")


def emptied(**status: object) -> WasmNodeRecord:
    """Return the node with the run that removes the runtime concluded like this."""
    told = WasmNodeStatus.model_validate(READY.model_dump(by_alias=False) | status)
    return given.wasm_node("n1", status=told, changes=("spin",))


def blocked(*records: Record) -> tuple[str, str, str]:
    (action,) = only(plan(*records), WriteRuntimeStatus)
    found = find(action.status.conditions, "DeletionBlocked")
    assert found is not None
    return found.status.value, found.reason, found.message


def test_deletion__first__takes_the_runtime_from_its_nodes_and_keeps_the_class() -> None:
    actions = plan(NODE, GOING, HOLDER, CLASS)

    assert [action.spec.runtimes for action in only(actions, UpdateWasmNode)] == [()]
    assert only(actions, DeleteRuntimeClass) == []
    assert only(actions, SetFinalizers) == []
    assert blocked(NODE, GOING, HOLDER, CLASS)[:2] == ("False", "Removing")


def test_deletion__while_a_node_holds_the_runtime__keeps_the_class() -> None:
    actions = plan(
        NODE, GOING, given.wasm_node("n1", status=READY, attempt=2, changes=("spin",)), CLASS
    )

    assert only(actions, DeleteRuntimeClass) == []


def test_deletion__without_holders__ends_with_class_then_finalizer() -> None:
    with_class = plan(given.node("n1"), GOING, CLASS)
    without = plan(given.node("n1"), GOING)

    assert only(with_class, DeleteRuntimeClass) == [DeleteRuntimeClass("spin", "class-uid")]
    assert only(with_class, SetFinalizers) == []
    assert [action.finalizers for action in only(without, SetFinalizers)] == [("foreign",)]


def test_deletion__whose_part_is_done__writes_nothing_more() -> None:
    assert plan(given.node("n1"), replace(GOING, finalizers=("foreign",))) == ()


@pytest.mark.parametrize(
    ("status", "reason", "hint"),
    [
        (
            {
                "state": "Blocked",
                "last_error": {"reason": "InUse", "message": "m", "exit_code": 40},
                "blocking_pods": ("default/web", "default/api"),
            },
            "PodsInUse",
            "n1 (default/api, default/web)",
        ),
        (
            {
                "state": "Failed",
                "last_error": {"reason": "RolledBack", "message": "m", "exit_code": 31},
            },
            "UninstallFailed",
            "n1 (RolledBack)",
        ),
    ],
    ids=["pods", "failed"],
)
def test_deletion__that_does_not_go_on__says_why(
    status: dict[str, object], reason: str, hint: str
) -> None:
    holds, found, message = blocked(NODE, GOING, emptied(**status), CLASS)

    assert (holds, found) == ("True", reason)
    assert hint in message


def test_deletion__tried_again_while_pods_use_it__still_names_them() -> None:
    waiting = emptied(
        last_error={"reason": "InUse", "message": "m", "exit_code": 40},
        blocking_pods=("default/web",),
    )
    spec = waiting.spec.model_copy(update={"attempt": waiting.spec.attempt + 1})
    retried = replace(waiting, spec=spec)

    assert retried.is_in_flight
    assert blocked(NODE, GOING, retried, CLASS)[2].endswith("n1 (default/web)")


def test_deletion__of_a_paused_runtime__says_so_and_removes_nothing() -> None:
    paused = given.runtime(deleting=True, rollout={"paused": True})
    actions = plan(NODE, paused, HOLDER)

    assert blocked(NODE, paused, HOLDER)[:2] == ("True", "Paused")
    assert all(action.spec.runtimes for action in only(actions, UpdateWasmNode))


def test_deletion__with_a_skipped_node__names_it() -> None:
    skipped = given.node("n1", asks="spin", annotations={names.SKIP: "true"})

    holds, reason, message = blocked(skipped, GOING, HOLDER)

    assert (holds, reason) == ("True", "NodesSkipped")
    assert "n1" in message


def test_class__whose_runtime_went_without_its_finalizer__goes() -> None:
    assert only(plan(CLASS), DeleteRuntimeClass) == [DeleteRuntimeClass("spin", "class-uid")]
