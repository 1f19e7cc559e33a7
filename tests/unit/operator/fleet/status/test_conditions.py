"""What people read on a WasmRuntime."""

from dataclasses import replace

import pytest

from unit.operator import given
from unit.operator.fleet.cluster import only, plan
from unit.operator.fleet.status.statuses import (
    BLOCKED,
    DONE,
    DRIFTED,
    FAILED,
    IN_FLIGHT,
    SPIN,
    error,
    told,
    write,
)
from wasmwright_operator.actions import WriteRuntimeStatus
from wasmwright_operator.conditions import find
from wasmwright_operator.records import WasmNodeRecord


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


def test_status__of_a_runtime_that_lost_a_conflict__says_to_whom() -> None:
    older = given.runtime("older", handler="h", created="2025-01-01T00:00:00Z")
    writes = only(plan(older, given.runtime("spin", handler="h")), WriteRuntimeStatus)
    status = next(item.status for item in writes if item.name == "spin")

    for kind in ("Accepted", "Ready", "RuntimeClassReady"):
        assert told(status, kind) == ("False", "HandlerConflict")
