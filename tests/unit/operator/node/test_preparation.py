from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from unit.operator import given
from wasmwright_installer.contract import ExitCode
from wasmwright_operator import names
from wasmwright_operator.actions import (
    Action,
    CordonNode,
    EvictPod,
    LabelNode,
    LookAtPods,
    UncordonNode,
    Wake,
    WriteNodeStatus,
)
from wasmwright_operator.api.wasmnode import NodeState, WasmNodeStatus
from wasmwright_operator.conditions import find, rfc3339
from wasmwright_operator.node import NodeView, plan_node, plan_refusal
from wasmwright_operator.records import (
    Eviction,
    NodeRecord,
    PodsLook,
    WasmNodeRecord,
)

SPIN = names.runtime_label("spin")
FREE = given.node("n1", asks="spin")
MARK = "n1-wasm-uid/1"
OURS = given.node("n1", is_unschedulable=True, annotations={names.CORDONED: MARK})
THEIRS = given.node("n1", is_unschedulable=True)
DATABASE = {"app": "database"}
BLOCKERS: dict[str, Any] = {"blockingPods": [{"matchLabels": DATABASE}]}
NEEDED = "The disruption budget guard needs 2 healthy pods and has 2 currently"


def run(status: WasmNodeStatus | None = None, **disruption: Any) -> WasmNodeRecord:
    return given.wasm_node("n1", given.entry(), status=status, disruption=disruption)


def plan(
    node: NodeRecord, record: WasmNodeRecord | None, look: PodsLook | None = None, after: float = 0
) -> tuple[Action, ...]:
    now = given.NOW + timedelta(seconds=after)
    return plan_node(NodeView(node, record, look=look), (), (), now)


def kinds(actions: tuple[Action, ...]) -> list[str]:
    return [type(action).__name__ for action in actions]


def told(actions: tuple[Action, ...]) -> WasmNodeStatus:
    (action,) = [item for item in actions if isinstance(item, WriteNodeStatus)]
    return action.status


def reason_and_message(status: WasmNodeStatus) -> tuple[str, str]:
    ready = find(status.conditions, "Ready")
    assert ready is not None
    return ready.reason, ready.message


def draining(since: float = 0) -> WasmNodeStatus:
    """Return the status of a node whose pods have been sent away for some seconds."""
    at = given.NOW - timedelta(seconds=since)
    return WasmNodeStatus(state=NodeState.DRAINING, draining_since=rfc3339(at))


def refused(pod: str = "web-1", *, ago: float = 1) -> dict[str, Eviction]:
    return {f"{pod}-uid": Eviction(given.NOW - timedelta(seconds=ago), NEEDED)}


def test_mode_none__needs_no_look_and_no_cordon() -> None:
    assert kinds(plan(FREE, run())) == ["CreateJob"]


@pytest.mark.parametrize("cause", ["Verify", "Rebooted", "ContainerRuntimeChanged"])
def test_run__that_only_looks_whether_all_is_in_place__costs_no_pod_its_place(cause: str) -> None:
    installed = given.status({"installedHash": given.HASH, "concludedHash": given.HASH})
    wish = {"mode": "Drain", "wasmPods": "Evict", **BLOCKERS}

    look = given.wasm_node("n1", given.entry(), status=installed, cause=cause, disruption=wish)
    repair = given.wasm_node(
        "n1", given.entry(), status=installed, cause="Drifted", disruption=wish
    )

    assert kinds(plan(FREE, look)) == ["CreateJob"]
    assert kinds(plan(FREE, repair)) == ["LookAtPods"]


def test_mode_cordon__cordons_first__and_then_runs() -> None:
    (action,) = plan(FREE, run(mode="Cordon"))

    assert action == CordonNode("n1", "n1-uid", MARK)
    assert kinds(plan(OURS, run(mode="Cordon"))) == ["CreateJob"]


@pytest.mark.parametrize("mode", ["Cordon", "Drain"])
def test_node__that_somebody_else_cordoned__is_used_and_left_as_it_is(mode: str) -> None:
    assert kinds(plan(THEIRS, run(mode=mode), given.look())) == ["CreateJob"]
    done = settled(mode=mode)
    assert "UncordonNode" not in kinds(plan(THEIRS, done))


def settled(**disruption: Any) -> WasmNodeRecord:
    status = WasmNodeStatus(concluded_hash=given.HASH, concluded_attempt=1)
    return run(status, **disruption)


@pytest.mark.parametrize(
    "record",
    [
        settled(mode="Cordon"),
        settled(mode="Drain"),
        given.wasm_node("n1", given.entry(), node_uid="earlier"),
        given.wasm_node("n1", given.entry(), deleting=True),
        run(mode="None"),
        None,
    ],
    ids=["concluded", "drained", "other-node", "deleted", "run-without-cordon", "no-wasm-node"],
)
def test_our_cordon__that_no_run_needs__is_taken_away(record: WasmNodeRecord | None) -> None:
    actions = plan(OURS, record)

    assert UncordonNode("n1", "n1-uid", MARK) in actions


def test_our_mark__on_a_node_that_somebody_uncordoned__goes_without_touching_the_node() -> None:
    node = replace(OURS, is_unschedulable=False)

    assert UncordonNode("n1", "n1-uid", MARK, is_cordoned=False) in plan(node, settled())
    underway = plan_node(NodeView(node, run(mode="Cordon")), (given.job(run()),), (), given.NOW)
    assert UncordonNode("n1", "n1-uid", MARK, is_cordoned=False) in underway


def test_our_cordon__while_the_job_runs__stays() -> None:
    record = run(mode="Drain")

    actions = plan_node(NodeView(OURS, record), (given.job(record),), (), given.NOW)

    assert kinds(actions) == ["Wake"]


@pytest.mark.parametrize("exit_code", [ExitCode.DONE, ExitCode.ROLLED_BACK, ExitCode.IN_USE])
def test_end_of_a_run__gives_the_node_back__whatever_came_of_it(exit_code: ExitCode) -> None:
    record = run(mode="Cordon")
    result = given.result("spin", exit_code=exit_code).model_dump_json(by_alias=True)
    pod = given.pod(record, apply=given.terminated(exit_code, result))

    actions = plan_node(NodeView(OURS, record), (), (pod,), given.NOW)

    assert kinds(actions)[0] == "WriteNodeStatus"
    assert actions[-1] == UncordonNode("n1", "n1-uid", MARK)


def test_end_of_a_removal__gives_the_node_back_before_it_is_forgotten() -> None:
    record = given.wasm_node("n1", changes=("spin",), disruption={"mode": "Cordon"})
    result = given.result().model_dump_json(by_alias=True)
    pod = given.pod(record, apply=given.terminated(0, result))

    actions = plan_node(NodeView(OURS, record), (), (pod,), given.NOW)

    assert kinds(actions) == ["UncordonNode", "DeleteWasmNode"]


def test_blocking_pods__are_looked_for_first__and_hold_the_run_up() -> None:
    record = run(**BLOCKERS)
    assert plan(FREE, record) == (LookAtPods("n1"),)

    status = told(plan(FREE, record, given.look(given.node_pod("db-0", labels=DATABASE))))

    assert (status.state, status.blocking_pods) == (NodeState.BLOCKED, ("shop/db-0",))
    reason, message = reason_and_message(status)
    assert reason == "BlockingPods"
    assert "shop/db-0" in message
    assert status.concluded_attempt == 1, "the slot is free"
    assert status.next_retry == "2026-05-04T12:00:05Z"
    assert not status.failing_since, "nobody is to blame"


def test_blocking_pods__that_have_gone__let_the_run_start() -> None:
    assert kinds(plan(FREE, run(**BLOCKERS), given.look(given.node_pod()))) == ["CreateJob"]


def test_look__that_is_old__is_not_believed() -> None:
    record, free = run(**BLOCKERS), given.look(given.node_pod())

    assert plan(FREE, record, free, after=31) == (LookAtPods("n1"),)


def test_blocking_pods__win_over_the_drain_that_would_evict_them() -> None:
    record = run(mode="Drain", **BLOCKERS)

    status = told(plan(FREE, record, given.look(given.node_pod("db-0", labels=DATABASE))))

    assert reason_and_message(status)[0] == "BlockingPods"


def test_drain__asks_who_is_there__cordons__asks_again__and_runs_on_the_empty_node() -> None:
    record = run(mode="Drain")

    assert plan(FREE, record) == (LookAtPods("n1"),)
    assert kinds(plan(FREE, record, given.look(was_cordoned=False))) == ["CordonNode"]
    assert plan(OURS, record, given.look(was_cordoned=False)) == (LookAtPods("n1"),)
    assert kinds(plan(OURS, record, given.look())) == ["CreateJob"]


def test_drain__evicts_and_says_since_when() -> None:
    actions = plan(OURS, run(mode="Drain"), given.look(given.node_pod()))

    assert kinds(actions) == ["WriteNodeStatus", "EvictPod", "Wake"]
    assert actions[1] == EvictPod("n1", "shop", "web-1", "web-1-uid")
    assert actions[2] == Wake(given.NOW + timedelta(seconds=3))
    status = told(actions)
    assert status.draining_since == rfc3339(given.NOW)
    assert reason_and_message(status) == ("Draining", "waiting for pods to leave the node")


def test_drain__under_way__looks_again_and_again_and_writes_nothing() -> None:
    first = told(plan(OURS, run(mode="Drain"), given.look(given.node_pod())))
    leaving = given.node_pod(deleting=True)
    accepted = {leaving.uid: Eviction(given.NOW)}
    record = run(first, mode="Drain")

    assert kinds(plan(OURS, record, given.look(leaving, evictions=accepted))) == ["Wake"]
    later = plan(OURS, record, given.look(leaving, evictions=accepted), after=3)
    assert later == (LookAtPods("n1"),)


def test_pod__that_takes_longer_than_others__is_named() -> None:
    leaving = given.node_pod(deleting=True)

    status = told(plan(OURS, run(draining(31), mode="Drain"), given.look(leaving)))

    assert "still there: shop/web-1" in reason_and_message(status)[1]


def test_budget__that_does_not_allow_an_eviction__is_told__and_asked_again_in_a_while() -> None:
    record = run(draining(2), mode="Drain")

    actions = plan(OURS, record, given.look(given.node_pod(), evictions=refused(ago=1)))

    assert kinds(actions) == ["WriteNodeStatus", "Wake"]
    assert f"shop/web-1 ({NEEDED})" in reason_and_message(told(actions))[1]
    again = plan(OURS, record, given.look(given.node_pod(), evictions=refused(ago=6)))
    assert "EvictPod" in kinds(again)


def test_drain__that_takes_too_long__fails_with_names_and_reasons__and_ends_the_cordon() -> None:
    drain = {"timeout": "1m"}
    here = given.look(given.node_pod(), given.node_pod("web-2"), evictions=refused())
    assert "EvictPod" in kinds(plan(OURS, run(draining(59), mode="Drain", drain=drain), here))

    actions = plan(OURS, run(draining(60), mode="Drain", drain=drain), here)

    status = told(actions)
    reason, message = reason_and_message(status)
    assert (status.state, reason, status.draining_since) == (NodeState.FAILED, "DrainFailed", "")
    assert message == (
        f"pods did not leave the node within 1m: shop/web-1 ({NEEDED}),"
        " shop/web-2 (it has not ended)"
    )
    assert kinds(actions)[-1] == "UncordonNode"


def test_drain__late_but_of_a_node_that_is_empty_by_now__goes_on() -> None:
    record = run(draining(3600), mode="Drain")

    assert kinds(plan(OURS, record, given.look())) == ["CreateJob"]


def test_drain__that_would_cost_data__fails_before_anything_is_done_to_the_node() -> None:
    cache = given.node_pod("cache-0", has_empty_dir=True)

    actions = plan(FREE, run(mode="Drain"), given.look(cache, was_cordoned=False))

    reason, message = reason_and_message(told(actions))
    assert reason == "DrainFailed"
    assert "shop/cache-0" in message
    assert "deleteEmptyDirData" in message
    assert {"CordonNode", "EvictPod"} & set(kinds(actions)) == set()


def in_use(*, attempt: int = 2, **status: Any) -> WasmNodeRecord:
    """Return the run after one that was stopped by wasm pods, with leave to evict them."""
    before = given.status(
        {
            "state": "Blocked",
            "concludedHash": given.HASH,
            "concludedAttempt": 1,
            "installedHash": "b" * 64,
            "runtimes": [{"name": "spin", "handler": "spin", "state": "ready"}],
            "blockingPods": ["shop/web-1"],
            "lastError": {"reason": "RestartWouldOrphanPods", "message": "m", "exitCode": 40},
            **status,
        }
    )
    return given.wasm_node(
        "n1",
        given.entry(),
        status=before,
        attempt=attempt,
        disruption={"wasmPods": "Evict"},
    )


SERVING = given.node("n1", labels={SPIN: "ready"})
CLOSED = given.node("n1", labels={SPIN: "pending"})


def test_evict__sends_no_new_pods__evicts_those_that_were_named__and_runs_again() -> None:
    other = given.node_pod("web-2")

    actions = plan(SERVING, in_use())
    assert isinstance(actions[0], LabelNode)
    assert actions[0].changes == {SPIN: "pending"}
    assert actions[1:] == (LookAtPods("n1"),)

    actions = plan(CLOSED, in_use(), given.look(given.node_pod(controller=""), other))
    assert kinds(actions) == ["WriteNodeStatus", "EvictPod", "Wake"]
    assert actions[1] == EvictPod("n1", "shop", "web-1", "web-1-uid")

    gone = plan(CLOSED, in_use(), given.look(other))
    assert kinds(gone) == ["CreateJob"]


def test_evict__while_no_run_is_under_way__leaves_the_node_as_it_is() -> None:
    record = in_use(attempt=1)

    assert "EvictPod" not in kinds(plan(SERVING, record, given.look(given.node_pod())))
    assert not any(isinstance(item, LabelNode) for item in plan(SERVING, record))


def test_evict__that_a_budget_forbids_for_too_long__is_blocked__and_tried_again() -> None:
    since = rfc3339(given.NOW - timedelta(minutes=5))
    record = in_use(state="Draining", drainingSince=since)

    actions = plan(CLOSED, record, given.look(given.node_pod(), evictions=refused()))

    status = told(actions)
    reason, message = reason_and_message(status)
    assert (status.state, reason) == (NodeState.BLOCKED, "EvictionBlocked")
    assert NEEDED in message
    assert status.blocking_pods == ("shop/web-1",)
    assert status.next_retry
    (labels,) = [item for item in actions if isinstance(item, LabelNode)]
    assert labels.changes == {SPIN: "ready"}, "it serves pods for as long as it waits"
    next_run = replace(record, spec=record.spec.model_copy(update={"attempt": 3}), status=status)
    assert next_run.leaving_pods == {"shop/web-1"}


def test_look__that_is_forbidden__fails_the_run_with_what_to_do() -> None:
    record = run(mode="Drain")

    actions = plan_refusal(FREE, record, LookAtPods("n1"), "pods is forbidden", given.NOW)

    reason, message = reason_and_message(told(actions))
    assert reason == "PodsForbidden"
    assert "pods is forbidden" in message
    assert "rbac.evictPods" in message
