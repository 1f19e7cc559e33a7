from dataclasses import replace

from unit.operator import given
from unit.operator.fleet.cluster import only, plan
from unit.operator.fleet.status.statuses import CLASS, DONE, DRIFTED, FAILED, SPIN, error, write
from wasmwright_operator.actions import WriteRuntimeStatus


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
