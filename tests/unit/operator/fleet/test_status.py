"""What people read on a WasmRuntime."""

from dataclasses import replace

import pytest

from unit.operator import given
from unit.operator.fleet.cluster import Record, only, plan
from wasmwright_operator.actions import WriteRuntimeStatus
from wasmwright_operator.api.runtime_status import WasmRuntimeStatus
from wasmwright_operator.api.wasmnode import WasmNodeStatus
from wasmwright_operator.conditions import find
from wasmwright_operator.records import RuntimeClassRecord, WasmNodeRecord

SPIN = given.entry("spin")
CLASS = RuntimeClassRecord("spin", "class-uid", "spin", runtime="spin")


def concluded(**more: object) -> WasmNodeStatus:
    return WasmNodeStatus.model_validate(
        {
            "concluded_hash": given.HASH,
            "concluded_attempt": 1,
            "installed_hash": given.HASH,
            "runtimes": [{"name": "spin", "handler": "spin", "state": "ready"}],
            **more,
        }
    )


def error(reason: str, exit_code: int | None = 31, **more: object) -> WasmNodeStatus:
    told = {"reason": reason, "message": f"{reason} happened", "exit_code": exit_code}
    given_more = {"failures": 2, "next_retry": "2026-05-04T13:00:00Z", **more}
    return concluded(last_error=told, runtimes=[], **given_more)


DONE = given.wasm_node("done", SPIN, status=concluded())
IN_FLIGHT = given.wasm_node("flying", SPIN)
FAILED = given.wasm_node("failed", SPIN, status=error("DigestMismatch"))
DRIFTED = given.wasm_node("drifted", SPIN, status=error("Drifted", None, failures=0))
BLOCKED = given.wasm_node("blocked", SPIN, status=error("PodsInUse", 40, state="Blocked"))


def write(*records: Record, **spec: object) -> WriteRuntimeStatus:
    runtime = given.runtime("spin", **spec)
    asking = [given.node(r.name, asks="spin") for r in records if isinstance(r, WasmNodeRecord)]
    (action,) = only(plan(runtime, *asking, *records), WriteRuntimeStatus)
    return action


def told(status: WasmRuntimeStatus, kind: str) -> tuple[str, str]:
    found = find(status.conditions, kind)
    assert found is not None
    return found.status.value, found.reason


@pytest.mark.parametrize(
    ("records", "summary", "ready", "progressing", "degraded"),
    [
        ((), "0/0 ready", ("False", "NoEligibleNodes"), ("False", "Complete"), "AsExpected"),
        ((DONE,), "1/1 ready", ("True", "AllNodesReady"), ("False", "Complete"), "AsExpected"),
        (
            (DONE, IN_FLIGHT),
            "1/2 ready",
            ("False", "NodesUpdating"),
            ("True", "NodesUpdating"),
            "AsExpected",
        ),
        (
            (DONE, FAILED),
            "1/2 ready",
            ("False", "DigestMismatch"),
            ("True", "Retrying"),
            "DigestMismatch",
        ),
        (
            (FAILED, given.wasm_node("f2", SPIN, status=error("RolledBack"))),
            "0/2 ready",
            ("False", "NodesFailed"),
            ("True", "Retrying"),
            "NodesFailed",
        ),
        (
            (BLOCKED,),
            "0/1 ready",
            ("False", "NodesBlocked"),
            ("True", "Retrying"),
            "NodesBlocked",
        ),
        (
            (DONE, DRIFTED, BLOCKED),
            "1/3 ready",
            ("False", "NodesDrifted"),
            ("True", "Retrying"),
            "NodesDrifted",
        ),
        (
            (DRIFTED, FAILED),
            "0/2 ready",
            ("False", "DigestMismatch"),
            ("True", "Retrying"),
            "DigestMismatch",
        ),
    ],
    ids=[
        "none",
        "done",
        "in-flight",
        "failed",
        "failed-differently",
        "blocked",
        "drifted",
        "drifted-and-failed",
    ],
)
def test_status__conditions(
    records: tuple[WasmNodeRecord, ...],
    summary: str,
    ready: tuple[str, str],
    progressing: tuple[str, str],
    degraded: str,
) -> None:
    status = write(*records).status

    assert status.summary == summary
    assert told(status, "Ready") == ready
    assert told(status, "Progressing") == progressing
    assert told(status, "Degraded")[1] == degraded
    assert told(status, "Accepted") == ("True", "Valid")


def test_status__counts__add_up() -> None:
    upgraded = given.wasm_node("old", given.entry(config={"snapshotter": "x"}), status=concluded())
    leaving = given.wasm_node("leaving", SPIN, status=concluded())
    records = [DONE, IN_FLIGHT, FAILED, BLOCKED, upgraded]
    asking = [given.node(record.name, asks="spin") for record in records]
    runtime = given.runtime("spin", rollout={"maxParallel": 1})

    (action,) = only(
        plan(
            runtime,
            *asking,
            *records,
            given.node("new", asks="spin"),
            given.node("leaving"),
            leaving,
        ),
        WriteRuntimeStatus,
    )

    counts = action.status.nodes
    assert counts.model_dump() == {
        "targeted": 6,
        "ready": 2,
        "updated": 1,
        "updating": 1,
        "failed": 1,
        "blocked": 1,
        "pending": 2,
        "removing": 1,
        "unsupported": 0,
        "excluded": 0,
        "unavailable": 1,
        "drifted": 0,
        "orphaned": 0,
    }
    assert told(action.status, "Progressing") == ("True", "NodesUpdating")


def test_status__failures__tell_reason_attempts_and_next_retry() -> None:
    (failure,) = write(FAILED).status.failures

    assert failure.model_dump() == {
        "node": "failed",
        "reason": "DigestMismatch",
        "message": "DigestMismatch happened",
        "attempts": 2,
        "nextRetry": "2026-05-04T13:00:00Z",
    }


def test_status__many_failures__names_are_capped() -> None:
    many = [
        replace(
            FAILED,
            name=f"n{number:02}",
            spec=FAILED.spec.model_copy(update={"node_uid": f"n{number:02}-uid"}),
        )
        for number in range(12)
    ]
    status = write(*many).status

    assert [item.node for item in status.failures] == [f"n{number:02}" for number in range(10)]
    ready = find(status.conditions, "Ready")
    assert ready is not None
    assert "n04" in ready.message
    assert "n05" not in ready.message
    assert "and 7 more" in ready.message


def test_status__node_of_an_architecture_without_artifact__is_unsupported_not_targeted() -> None:
    runtime = given.runtime(source=given.http("arm64"), placement={"nodeSelector": {}})

    (action,) = only(plan(runtime, given.node("n1")), WriteRuntimeStatus)

    assert (action.status.nodes.unsupported, action.status.nodes.targeted) == (1, 0)
    assert told(action.status, "Degraded") == ("True", "NodesUnsupported")
    assert action.status.failures[0].reason == "UnsupportedArchitecture"


def test_status__paused_with_nodes_to_do__says_so() -> None:
    runtime = given.runtime(rollout={"paused": True})

    (action,) = only(plan(runtime, given.node("n1", asks="spin")), WriteRuntimeStatus)

    assert told(action.status, "Progressing") == ("False", "Paused")


@pytest.mark.parametrize(
    ("classes", "available", "class_ready"),
    [
        ((), ("False", "NoRuntimeClass"), ("False", "WaitingForNodes")),
        ((CLASS,), ("True", "Usable"), ("True", "Created")),
        (
            (replace(CLASS, runtime="", handler="x"),),
            ("False", "NoRuntimeClass"),
            ("False", "Conflict"),
        ),
    ],
    ids=["not-yet", "there", "foreign"],
)
def test_status__runtime_class(
    classes: tuple[RuntimeClassRecord, ...],
    available: tuple[str, str],
    class_ready: tuple[str, str],
) -> None:
    status = write(DONE, *classes).status

    assert told(status, "Available") == available
    assert told(status, "RuntimeClassReady") == class_ready


def test_status__of_a_runtime_that_lost_a_conflict__says_to_whom() -> None:
    older = given.runtime("older", handler="h", created="2025-01-01T00:00:00Z")
    writes = only(plan(older, given.runtime("spin", handler="h")), WriteRuntimeStatus)
    status = next(item.status for item in writes if item.name == "spin")

    for kind in ("Accepted", "Ready", "RuntimeClassReady"):
        assert told(status, kind) == ("False", "HandlerConflict")


def test_status__unchanged__is_not_written_and_keeps_its_times() -> None:
    first = write(DONE).status
    stored = first.model_dump(mode="json", by_alias=True)
    runtime = given.runtime("spin", status=stored)

    assert only(plan(runtime, given.node("done", asks="spin"), DONE), WriteRuntimeStatus) == []


def test_status__bare_counts__are_not_urgent_and_transitions_are() -> None:
    assert write(DONE).is_urgent
    before = write(DONE, IN_FLIGHT).status.model_dump(mode="json", by_alias=True)
    records = (
        DONE,
        IN_FLIGHT,
        replace(
            IN_FLIGHT, name="f2", spec=IN_FLIGHT.spec.model_copy(update={"node_uid": "f2-uid"})
        ),
    )

    action = write(*records, status=before)

    assert not action.is_urgent
    assert action.events == ()


def test_status__transitions__are_told_as_events_once() -> None:
    events = {event.reason: event.message for event in write(FAILED).events}

    assert events.keys() == {"InstallFailed"}
    assert "DigestMismatch" in events["InstallFailed"]
    undrained = given.wasm_node("failed", SPIN, status=error("DrainFailed", None))
    assert {event.reason for event in write(undrained).events} == {"DrainFailed"}
    assert {event.reason for event in write(DONE, CLASS).events} == {
        "RolloutComplete",
        "RuntimeClassReady",
    }


def test_drift__is_counted_listed_and_told_once_for_all_nodes() -> None:
    second = given.wasm_node("drifted-2", SPIN, status=DRIFTED.status)
    action = write(DONE, DRIFTED, second)

    nodes = action.status.nodes
    assert (nodes.targeted, nodes.drifted, nodes.failed, nodes.updated) == (3, 2, 0, 1)
    assert [(item.node, item.reason) for item in action.status.failures] == [
        ("drifted", "Drifted"),
        ("drifted-2", "Drifted"),
    ]
    (event,) = [it for it in action.events if it.type == "Warning"]
    assert event.reason == "DriftDetected"
    assert "drifted, drifted-2: Drifted happened" in event.message


def test_drift__of_further_nodes__is_no_event() -> None:
    before = write(DONE, DRIFTED).status
    runtime = replace(given.runtime(), status=before)
    third = given.wasm_node("third", SPIN, status=DRIFTED.status)
    records = (DONE, DRIFTED, third)
    asking = [given.node(record.name, asks="spin") for record in records]

    (action,) = only(plan(runtime, *asking, *records), WriteRuntimeStatus)

    assert action.status.nodes.drifted == 2
    assert action.events == ()


def test_drift__of_another_runtime_of_the_node__leaves_this_one_updated() -> None:
    both = given.wasm_node("n1", SPIN, given.entry("wasmtime"), status=concluded())
    lost = DRIFTED.status.model_copy(update={"runtimes": both.status.runtimes})
    records = (given.node("n1", asks="spin,wasmtime"), replace(both, status=lost))
    actions = plan(given.runtime("spin"), given.runtime("wasmtime"), *records)
    counts = {item.name: item.status.nodes for item in only(actions, WriteRuntimeStatus)}
    assert (counts["spin"].updated, counts["spin"].drifted) == (1, 0)
    assert (counts["wasmtime"].updated, counts["wasmtime"].drifted) == (0, 1)
