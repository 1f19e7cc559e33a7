"""Nodes that would have a runtime if they were other nodes: none gets a run, each has a reason."""

from datetime import timedelta
from typing import Any

import pytest

from unit.operator import given
from unit.operator.fleet.cluster import Record, only, plan, wakes
from wasmwright_operator import names
from wasmwright_operator.actions import (
    CreateWasmNode,
    EmitEvent,
    EventType,
    UpdateWasmNode,
    WriteRuntimeStatus,
)
from wasmwright_operator.api.runtime_status import WasmRuntimeStatus
from wasmwright_operator.api.wasmnode import WasmNodeStatus
from wasmwright_operator.conditions import find
from wasmwright_operator.records import Taint

EVERYWHERE = given.runtime(placement={"nodeSelector": {}}, rollout={"maxUnavailable": "100%"})
CONTROL_PLANE = Taint("node-role.kubernetes.io/control-plane", "NoSchedule")
JUST_NOW, LONG_AGO = "2026-05-04T11:59:30Z", "2026-05-04T11:00:00Z"
READY = WasmNodeStatus.model_validate(
    {
        "concluded_hash": given.HASH,
        "concluded_attempt": 1,
        "installed_hash": given.HASH,
        "runtimes": [{"name": "spin", "handler": "spin", "state": "ready"}],
    }
)


def down(name: str = "n1", *, since: str = LONG_AGO, asks: str = "") -> Record:
    return given.node(name, asks=asks, is_ready=False, ready_changed=since)


def status(*records: Record) -> WasmRuntimeStatus:
    (action,) = only(plan(*records), WriteRuntimeStatus)
    return action.status


def told(found: WasmRuntimeStatus, kind: str) -> tuple[str, str, str]:
    item = find(found.conditions, kind)
    assert item is not None
    return item.status.value, item.reason, item.message


def test_empty_selector__names_the_reason_of_each_node_that_is_left_out() -> None:
    records = (
        EVERYWHERE,
        given.node("worker"),
        given.node("cp", taints=(CONTROL_PLANE,)),
        given.node("win", os="windows"),
        given.node("aci", labels={"type": "virtual-kubelet"}),
        given.node("old", container_runtime="docker://27.0.1"),
        down("away"),
    )

    found = status(*records)

    assert [(item.node, item.reason) for item in found.excluded] == [
        ("aci", "VirtualNode"),
        ("away", "NodeNotReady"),
        ("cp", "TaintNotTolerated"),
        ("old", "UnsupportedContainerRuntime"),
        ("win", "UnsupportedOS"),
    ]
    assert (found.nodes.targeted, found.nodes.excluded) == (1, 5)
    assert [action.name for action in only(plan(*records), CreateWasmNode)] == ["worker"]
    assert told(found, "Degraded")[0] == "False", "somebody placed it there on purpose"


def test_excluded__more_than_ten__are_counted_and_ten_are_named_in_order() -> None:
    nodes = [given.node(f"win-{number:02}", os="windows") for number in range(12)]

    found, again = status(EVERYWHERE, *nodes), status(EVERYWHERE, *reversed(nodes))

    assert [item.node for item in found.excluded] == [f"win-{number:02}" for number in range(10)]
    assert found.nodes.excluded == 12
    assert again.excluded == found.excluded


@pytest.mark.parametrize(
    ("skipped", "count"),
    [
        ({}, 1),
        ({"asks": "spin"}, 1),
        ({"labels": {names.KWASM_NODE: "false"}}, 0),
        ({"asks": "spin", "labels": {names.KWASM_NODE: "false"}}, 1),
    ],
    ids=["placed", "asks", "opted-out", "asks-all-the-same"],
)
def test_node_to_be_skipped__is_told_where_it_would_have_the_runtime(
    skipped: dict[str, Any], count: int
) -> None:
    node = given.node("hands-off", annotations={names.SKIP: "true"}, **skipped)

    found = status(EVERYWHERE, node)

    assert found.nodes.excluded == count
    assert [(item.node, item.reason) for item in found.excluded] == [
        ("hands-off", "NodeSkipped")
    ] * count
    assert only(plan(EVERYWHERE, node), CreateWasmNode) == []


def test_node_to_be_skipped__that_holds_the_runtime__is_told_and_left_alone() -> None:
    node = given.node("n1", asks="", annotations={names.SKIP: "true"})
    present = given.wasm_node("n1", given.entry(), status=READY)

    assert [item.reason for item in status(EVERYWHERE, node, present).excluded] == ["NodeSkipped"]
    assert only(plan(given.runtime(), node, present), UpdateWasmNode) == []
    assert status(given.runtime(), node, present).excluded == (), "it would not be selected"


def test_every_node__excluded__is_the_reason_why_it_is_not_ready() -> None:
    found = status(EVERYWHERE, given.node("cp", taints=(CONTROL_PLANE,)))

    _, reason, message = told(found, "Ready")
    assert reason == "NoEligibleNodes"
    assert "cp (TaintNotTolerated)" in message


@pytest.mark.parametrize("effect", ["NoSchedule", "NoExecute"])
def test_startup_taint__of_any_runtime__keeps_none_away(effect: str) -> None:
    starting = {"startupTaints": [{"key": "wasm/starting", "effect": effect}]}
    other = given.runtime("wasmtime", placement=starting)
    node = given.node(asks="spin,wasmtime", taints=(Taint("wasm/starting", effect),))

    (action,) = only(plan(node, given.runtime(), other), CreateWasmNode)

    assert [entry.name for entry in action.spec.runtimes] == ["spin", "wasmtime"]


def test_node_not_ready__with_an_older_revision__keeps_it_and_gets_no_run() -> None:
    present = given.wasm_node("n1", given.entry(), status=READY)
    newer = given.runtime(placement={"nodeSelector": {}}, config={"snapshotter": "newer"})

    actions = plan(down(), newer, present)

    assert only(actions, UpdateWasmNode) == []
    found = only(actions, WriteRuntimeStatus)[0].status
    assert (found.nodes.targeted, found.nodes.ready, found.nodes.excluded) == (1, 1, 0)
    assert told(found, "Ready")[1:] == (
        "NodesNotReady",
        "1/1 ready, 0/1 updated; waiting for nodes to be Ready: n1",
    )
    assert told(found, "Progressing")[:2] == ("False", "NodesNotReady")


def test_node_not_ready__that_lost_its_wish__is_cleaned_when_it_returns() -> None:
    present = given.wasm_node("n1", given.entry(), status=READY)

    assert only(plan(down(), given.runtime(), present), UpdateWasmNode) == []
    (action,) = only(plan(given.node("n1"), given.runtime(), present), UpdateWasmNode)
    assert action.spec.runtimes == ()


def test_node_not_ready__that_asks__is_told_on_its_own_object_after_a_while() -> None:
    early = plan(down(since=JUST_NOW, asks="spin"), given.runtime())
    late = plan(down(asks="spin"), given.runtime())

    assert only(early, CreateWasmNode) == []
    assert only(early, WriteRuntimeStatus)[0].status.excluded[0].reason == "NodeNotReady"
    assert [wake.at for wake in wakes(early)] == [given.NOW + timedelta(seconds=90)]
    (action,) = only(late, CreateWasmNode)
    assert [item.reason for item in action.spec.refused] == ["NodeNotReady"]
    assert action.spec.attempt == 0
    assert action.events == (), "a node that comes and goes is no news"


@pytest.mark.parametrize(
    "node",
    [
        given.node("n1", labels={"type": "virtual-kubelet"}),
        given.node("n1", container_runtime="docker://27.0.1"),
        given.node("n1", taints=(CONTROL_PLANE,)),
    ],
    ids=["virtual", "docker", "tainted"],
)
def test_node__excluded_later__keeps_what_it_has(node: Record) -> None:
    present = given.wasm_node("n1", given.entry(), status=READY)

    changed = only(plan(node, EVERYWHERE, present), UpdateWasmNode)

    assert changed == []


BUGGY = "containerd://2.1.2"


def test_order_bug__on_some_nodes__is_one_condition_and_one_event() -> None:
    nodes = [given.node(f"n{number}", container_runtime=BUGGY) for number in range(7)]
    fine = given.node("fine", container_runtime="containerd://2.1.4")

    (action,) = only(plan(EVERYWHERE, fine, *nodes), WriteRuntimeStatus)

    holds, reason, message = told(action.status, "ContainerdHandlerOrderBug")
    assert (holds, reason) == ("True", "UpdateContainerd")
    assert "2.1.4 or later on n0, n1, n2, n3, n4 and 2 more" in message
    assert [event.reason for event in action.events].count("ContainerdHandlerOrderBug") == 1
    seen = given.runtime(
        placement={"nodeSelector": {}}, status=action.status.model_dump(mode="json", by_alias=True)
    )
    again = [
        event
        for write in only(plan(seen, fine, *nodes[:6]), WriteRuntimeStatus)
        for event in write.events
    ]
    assert again == [], "the same bug on other nodes is no news"


def test_order_bug__nowhere__is_not_spoken_of() -> None:
    found = status(EVERYWHERE, given.node(container_runtime="containerd://2.1.4"))

    assert find(found.conditions, "ContainerdHandlerOrderBug") is None


def test_refused_wish__of_an_ordinary_kind__is_still_an_event() -> None:
    (action,) = only(plan(given.node(asks="spin", os="windows"), given.runtime()), CreateWasmNode)

    assert [(event.type, event.reason) for event in action.events] == [
        (EventType.WARNING, "UnsupportedOS")
    ]
    assert isinstance(action.events[0], EmitEvent)


def test_node_paused__with_an_older_revision__is_named_as_what_is_left() -> None:
    present = given.wasm_node("n1", given.entry(), status=READY)
    newer = given.runtime(placement={"nodeSelector": {}}, config={"snapshotter": "newer"})
    paused = given.node("n1", annotations={names.PAUSED: "true"})

    actions = plan(paused, newer, present)

    assert only(actions, UpdateWasmNode) == []
    found = only(actions, WriteRuntimeStatus)[0].status
    message = "1/1 ready, 0/1 updated; paused by wasmwright.dev/paused: n1"
    assert told(found, "Ready") == ("False", "NodesPaused", message)
    assert told(found, "Progressing") == ("False", "NodesPaused", message)
