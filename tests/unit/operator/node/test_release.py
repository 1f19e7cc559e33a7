from unit.operator import given
from unit.operator.node.plans import READY, SPIN, ended, kinds, plan
from wasmwright_installer.contract import ExitCode
from wasmwright_operator.actions import DeleteWasmNode, LabelNode, WriteNodeStatus
from wasmwright_operator.api.wasmnode import NodeState


def test_given_back__labels_go_then_the_wasm_node() -> None:
    emptied = given.wasm_node("n1", status=READY, attempt=2, changes=("spin",), hash="b" * 64)
    node = given.node("n1", labels={SPIN: "removing", "x": "y"})

    labels, delete = plan(emptied, ended(emptied, ExitCode.DONE, "Done"), node=node)

    assert isinstance(labels, LabelNode)
    assert labels.changes == {SPIN: None}
    assert isinstance(delete, DeleteWasmNode)
    assert (delete.uid, delete.resource_version) == (emptied.uid, emptied.resource_version)


def test_removal_that_failed__keeps_the_wasm_node_and_the_label() -> None:
    emptied = given.wasm_node("n1", status=READY, attempt=2, changes=("spin",), hash="b" * 64)
    node = given.node("n1", labels={SPIN: "removing"})

    (status,) = plan(emptied, ended(emptied, ExitCode.IN_USE, "InUse"), node=node)

    assert isinstance(status, WriteNodeStatus)
    assert status.status.state is NodeState.BLOCKED
    assert [item.name for item in status.status.runtimes] == ["spin"]


def test_refused_wishes__taken_back__end_the_wasm_node() -> None:
    assert kinds(plan(given.wasm_node("n1", hash="", attempt=0))) == ["DeleteWasmNode"]
