from dataclasses import replace

from unit.operator import given
from unit.operator.fleet.cluster import only, plan
from unit.operator.fleet.status.statuses import (
    BLOCKED,
    DONE,
    DRIFTED,
    FAILED,
    IN_FLIGHT,
    SPIN,
    concluded,
    told,
    write,
)
from wasmwright_operator.actions import WriteRuntimeStatus


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


def test_drift__of_another_runtime_of_the_node__leaves_this_one_updated() -> None:
    both = given.wasm_node("n1", SPIN, given.entry("wasmtime"), status=concluded())
    lost = DRIFTED.status.model_copy(update={"runtimes": both.status.runtimes})
    records = (given.node("n1", asks="spin,wasmtime"), replace(both, status=lost))
    actions = plan(given.runtime("spin"), given.runtime("wasmtime"), *records)
    counts = {item.name: item.status.nodes for item in only(actions, WriteRuntimeStatus)}
    assert (counts["spin"].updated, counts["spin"].drifted) == (1, 0)
    assert (counts["wasmtime"].updated, counts["wasmtime"].drifted) == (0, 1)
