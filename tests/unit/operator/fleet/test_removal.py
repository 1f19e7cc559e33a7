"""Nodes first, RuntimeClasses last, then the object; and never silently stuck."""

from dataclasses import replace
from datetime import timedelta

import pytest

from unit.operator import given
from unit.operator.fleet.cluster import Record, only, plan, wakes
from wasmwright_operator import names
from wasmwright_operator.actions import (
    DeleteRuntimeClass,
    SetFinalizers,
    UpdateWasmNode,
    WriteRuntimeStatus,
)
from wasmwright_operator.api.wasmnode import WasmNodeStatus
from wasmwright_operator.conditions import find
from wasmwright_operator.records import (
    NodeRecord,
    RuntimeClassRecord,
    RuntimeRecord,
    WasmNodeRecord,
)

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
            "have pods that use it: n1 (default/api, default/web)",
        ),
        (
            {
                "state": "Blocked",
                "last_error": {"reason": "BlockingPods", "message": "m"},
                "blocking_pods": ("default/db",),
            },
            "BlockingPods",
            "have ended that rollout.blockingPods selects there: n1 (default/db)",
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
    ids=["pods", "declared-pods", "failed"],
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


def paused_node() -> NodeRecord:
    return given.node("n1", asks="spin", annotations={names.PAUSED: "true"})


def test_deletion__with_a_paused_node__names_it() -> None:
    holds, reason, message = blocked(paused_node(), GOING, HOLDER)

    assert (holds, reason) == ("True", "NodesPaused")
    assert message.endswith(": n1")


def away(since: str = "2026-05-04T11:45:00Z") -> NodeRecord:
    """Return the node, which has not been Ready for a quarter of an hour."""
    return given.node("n1", asks="spin", is_ready=False, ready_changed=since)


def test_unreachable_node__holds_it_up_until_its_time_is_over_and_gets_no_run() -> None:
    actions = plan(away(), GOING, HOLDER, CLASS)

    holds, reason, message = blocked(away(), GOING, HOLDER, CLASS)
    assert (holds, reason) == ("True", "NodesUnreachable")
    assert "n1; each is given up 30m after" in message
    assert all(action.spec.attempt == 1 for action in only(actions, UpdateWasmNode)), "no run"
    assert given.NOW + timedelta(minutes=15) in [wake.at for wake in wakes(actions)]
    assert only(actions, DeleteRuntimeClass) == []


@pytest.mark.parametrize(
    ("node", "runtime"),
    [
        (away("2026-05-04T11:30:00Z"), GOING),
        (away(), given.runtime(deleting=True, removal={"unreachableTimeout": "15m"})),
        (NODE, replace(GOING, annotations={names.FORCE_DELETE: "true"})),
        (
            NODE,
            replace(
                given.runtime(deleting=True, rollout={"paused": True}),
                annotations={names.FORCE_DELETE: "true"},
            ),
        ),
        (
            given.node("n1", asks="spin", annotations={names.SKIP: "true"}),
            replace(GOING, annotations={names.FORCE_DELETE: "true"}),
        ),
    ],
    ids=["after-30m", "after-its-own-time", "forced", "forced-while-paused", "forced-with-skip"],
)
def test_node_left_behind__is_told_of_before_the_object_goes(
    node: NodeRecord, runtime: RuntimeRecord
) -> None:
    first = plan(node, runtime, HOLDER, CLASS)
    (write,) = only(first, WriteRuntimeStatus)
    told = write.status.model_dump(mode="json", by_alias=True)
    second = plan(node, replace(runtime, status=write.status), HOLDER)

    assert only(first, DeleteRuntimeClass) == [DeleteRuntimeClass("spin", "class-uid")]
    assert only(plan(node, runtime, HOLDER), SetFinalizers) == [], "its status does not tell yet"
    assert told["nodes"]["orphaned"] == 1
    holds, reason, message = blocked(node, runtime, HOLDER)
    assert (holds, reason) == ("False", "NodesOrphaned")
    assert message.endswith("1 nodes are left behind and cleaned when they can be: n1")
    assert "NodesOrphaned" in [event.reason for event in write.events]
    (end,) = only(second, SetFinalizers)
    assert names.FINALIZER not in end.finalizers


def test_unreachable_node__of_a_paused_runtime__is_not_given_up() -> None:
    paused = given.runtime(deleting=True, rollout={"paused": True})

    assert blocked(away("2026-05-01T00:00:00Z"), paused, HOLDER)[:2] == ("True", "Paused")


def test_unreachable_node__among_others__is_named_while_they_are_cleaned() -> None:
    other = given.wasm_node("n2", given.entry(), status=READY)
    records = (away("2026-05-04T11:00:00Z"), given.node("n2"), GOING, HOLDER, other)

    actions = plan(*records)

    assert [
        action.name for action in only(actions, UpdateWasmNode) if not action.spec.runtimes
    ] == ["n2"]
    holds, reason, message = blocked(*records)
    assert (holds, reason) == ("False", "Removing")
    assert message == (
        "being removed from n2; 1 nodes are left behind and cleaned when they can be: n1"
    )


def test_node_left_behind__is_cleaned_when_it_returns__its_runtime_being_gone() -> None:
    gone_before = only(plan(away(), HOLDER), UpdateWasmNode)
    (action,) = only(plan(given.node("n1"), HOLDER), UpdateWasmNode)

    assert all(item.spec.attempt == 1 for item in gone_before), "no run while it is away"
    assert (action.spec.runtimes, action.spec.changes) == ((), ("spin",))


def test_node_that_is_gone__is_not_waited_for() -> None:
    assert [a.name for a in only(plan(GOING, HOLDER), SetFinalizers)] == ["spin"]


def test_runtime_created_again__finds_what_is_still_there_and_needs_no_run() -> None:
    here = given.wasm_node("n1", given.entry(), status=READY)
    assert only(plan(NODE, given.runtime(), here), UpdateWasmNode) == []


@pytest.mark.parametrize(
    ("rule", "label", "goes_early"),
    [
        ("Force", "removing", True),
        ("Force", "ready", False),
        ("Block", "removing", False),
        ("Drain", "removing", False),
    ],
)
def test_class__goes_before_the_nodes_by_force_once_no_node_attracts_pods(
    rule: str, label: str, *, goes_early: bool
) -> None:
    node = given.node("n1", labels={names.runtime_label("spin"): label})
    going = given.runtime(deleting=True, removal={"whenInUse": rule})

    actions = plan(node, going, HOLDER, CLASS)

    assert bool(only(actions, DeleteRuntimeClass)) == goes_early
    assert only(actions, SetFinalizers) == []


def test_class__whose_runtime_went_without_its_finalizer__goes() -> None:
    assert only(plan(CLASS), DeleteRuntimeClass) == [DeleteRuntimeClass("spin", "class-uid")]
