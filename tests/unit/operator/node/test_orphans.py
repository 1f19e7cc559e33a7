"""Nodes with something that no WasmRuntime stands for, or soon will not."""

from dataclasses import replace

import pytest

from unit.operator import given
from wasmwright_operator import names
from wasmwright_operator.actions import LabelNode, WriteNodeStatus
from wasmwright_operator.api.wasmnode import RunError, WasmNodeStatus
from wasmwright_operator.conditions import find
from wasmwright_operator.node import NodeView, plan_node
from wasmwright_operator.records import NodeRecord, WasmNodeRecord

SPIN = names.runtime_label("spin")
STATUS = WasmNodeStatus.model_validate(
    {
        "state": "Ready",
        "concluded_hash": given.HASH,
        "concluded_attempt": 1,
        "installed_hash": given.HASH,
        "runtimes": [{"name": "spin", "handler": "spin", "state": "ready"}],
    }
)
HOLDER = given.wasm_node("n1", given.entry(), status=STATUS)
GONE = replace(HOLDER, leaving=frozenset({"spin"}), gone=frozenset({"spin"}))
HERE = given.node("n1", labels={SPIN: "ready", names.PROVISIONED: "true"})
AWAY = replace(HERE, is_ready=False)


def written(node: NodeRecord, record: WasmNodeRecord) -> WasmNodeStatus:
    actions = plan_node(NodeView(node, record), (), (), given.NOW)
    (write,) = (action for action in actions if isinstance(action, WriteNodeStatus))
    return write.status


def test_runtime_that_leaves__is_offered_no_more_before_any_run() -> None:
    leaving = replace(HOLDER, leaving=frozenset({"spin"}))

    actions = plan_node(NodeView(HERE, leaving), (), (), given.NOW)

    (label,) = (action for action in actions if isinstance(action, LabelNode))
    assert label.changes == {SPIN: "removing", names.PROVISIONED: None}


def test_node_away__whose_runtime_is_gone__says_that_it_is_orphaned() -> None:
    status = written(AWAY, GONE)

    ready = find(status.conditions, "Ready")
    assert ready is not None
    assert (status.state, ready.reason) == ("Orphaned", "Orphaned")
    assert ready.message == "spin: to be removed when the node is Ready again"
    again = replace(GONE, status=status)
    assert not [
        action
        for action in plan_node(NodeView(AWAY, again), (), (), given.NOW)
        if isinstance(action, WriteNodeStatus)
    ], "it is said once"


@pytest.mark.parametrize(
    ("node", "record", "state"),
    [
        (HERE, GONE, "Ready"),
        (AWAY, HOLDER, "Ready"),
        (
            HERE,
            replace(
                GONE,
                status=STATUS.model_copy(
                    update={"last_error": RunError(reason="RolledBack", message="m")}
                ),
            ),
            "Failed",
        ),
        (HERE, replace(GONE, status=STATUS.model_copy(update={"runtimes": ()})), "Pending"),
    ],
    ids=["back", "wanted-again", "back-after-a-failure", "back-with-nothing"],
)
def test_node__orphaned_no_longer__is_what_its_last_run_made_it(
    node: NodeRecord, record: WasmNodeRecord, state: str
) -> None:
    told = record.status.model_dump(mode="json") | {"state": "Orphaned"}
    orphaned = replace(record, status=WasmNodeStatus.model_validate(told))

    assert written(node, orphaned).state == state
