"""What the plan of a node makes of what KWasm or runtime-class-manager left there."""

from dataclasses import replace

from unit.operator import given
from wasmwright_installer.contract import ExitCode, LeftBehind, PredecessorName
from wasmwright_operator import names
from wasmwright_operator.actions import Action, DeleteWasmNode, LabelNode, WriteNodeStatus
from wasmwright_operator.api.wasmnode import WasmNodeStatus
from wasmwright_operator.conditions import find
from wasmwright_operator.node import NodeView, plan_node
from wasmwright_operator.node.conclusion import conclude
from wasmwright_operator.node.outcome import Outcome
from wasmwright_operator.records import NodeRecord, WasmNodeRecord

KWASM, RCM = PredecessorName.KWASM, PredecessorName.RCM
THEIRS = {names.KWASM_PROVISIONED: "n1"}
UNTOUCHED = given.wasm_node(
    "n1", predecessor_labels=(names.KWASM_PROVISIONED,), hash="", attempt=0, changes=()
)


def plan(node: NodeRecord, record: WasmNodeRecord | None) -> tuple[Action, ...]:
    return plan_node(NodeView(node, record), (), (), given.NOW)


def status_of(actions: tuple[Action, ...]) -> WasmNodeStatus:
    (write,) = [it for it in actions if isinstance(it, WriteNodeStatus)]
    return write.status


def label_changes_of(actions: tuple[Action, ...]) -> dict[str, str | None]:
    found = [dict(it.changes) for it in actions if isinstance(it, LabelNode)]
    return found[0] if found else {}


def ended(record: WasmNodeRecord, *left: LeftBehind) -> WasmNodeRecord:
    """Return a WasmNode after a success that found something."""
    result = given.result("spin", leftovers=left)
    status = conclude(given.node(), record, Outcome("Ready", "m", 0, result), given.NOW)
    return replace(record, status=status)


def test_node__that_nobody_asked_for__is_reported_adoptable_and_left_as_it_is() -> None:
    actions = plan(given.node(labels=THEIRS), UNTOUCHED)

    status = status_of(actions)
    assert (status.state, status.summary) == ("Adoptable", "left by KWasm")
    assert label_changes_of(actions) == {}
    told = find(status.conditions, "Adoptable")
    ready = find(status.conditions, "Ready")
    assert told is not None
    assert ready is not None
    assert (told.status, told.reason) == ("True", "LeftByKWasm")
    assert "label kwasm.sh/kwasm-provisioned" in told.message
    assert 'wasmwright.dev/take-over: "true"' in told.message
    assert "compat.kwasm.takeOver" in told.message
    assert "compat.rcm" not in told.message
    assert (ready.reason, ready.message) == ("Adoptable", told.message)

    assert plan(given.node(labels=THEIRS), replace(UNTOUCHED, status=status)) == ()


def test_node__whose_predecessor_says_nothing_any_more__is_forgotten() -> None:
    record = replace(UNTOUCHED, spec=UNTOUCHED.spec.model_copy(update={"predecessor_labels": ()}))

    assert [type(it) for it in plan(given.node(), record)] == [DeleteWasmNode]


def test_kwasms_label__on_a_node_that_is_not_ours__is_never_touched() -> None:
    node = given.node(labels=THEIRS)
    first = given.wasm_node("n1", given.entry())

    assert plan(node, None) == ()
    assert label_changes_of(plan(node, first)) == {}


def test_run__in_whose_way_a_predecessor_stands__is_adoptable_and_says_how() -> None:
    record = given.wasm_node("n1", given.entry())
    problem = Outcome("Adoptable", "handler 'spin' is declared by KWasm", ExitCode.CONFLICT)

    status = conclude(given.node(), record, problem, given.NOW)

    assert (status.state, status.next_retry) == ("Adoptable", "")
    assert status.last_error is not None
    assert status.last_error.message == (
        "handler 'spin' is declared by KWasm; permit it by wasmwright.dev/take-over: \"true\" on"
        " the node, or for the cluster by the chart's compat.kwasm.takeOver or"
        " compat.rcm.takeOver"
    )


def test_run__beside_a_predecessor__is_ready_and_the_rest_is_adoptable() -> None:
    record = given.wasm_node("n1", given.entry())

    status = ended(record, LeftBehind(predecessor=RCM, handlers=("a", "b"))).status

    told = find(status.conditions, "Adoptable")
    assert status.state == "Ready"
    assert told is not None
    assert (told.status, told.reason) == ("True", "LeftByRuntimeClassManager")
    assert "handlers a, b" in told.message
    assert "asked for" not in told.message


def test_run__that_ends_without_a_look_at_what_is_left__keeps_what_is_known() -> None:
    left = LeftBehind(predecessor=RCM, handlers=("a",))
    record = ended(given.wasm_node("n1", given.entry()), left)
    failure = given.result(exit_code=ExitCode.ROLLED_BACK, reason="RolledBack")
    outcome = Outcome("RolledBack", "m", ExitCode.ROLLED_BACK, failure)

    again = replace(record, spec=record.spec.model_copy(update={"attempt": 2}))

    assert conclude(given.node(), again, outcome, given.NOW).leftovers == record.status.leftovers


def test_run__that_wasm_did_not_survive__tells_what_is_left_all_the_same() -> None:
    left = LeftBehind(predecessor=RCM, handlers=("a",))
    result = given.result("spin", leftovers=(left,))
    record = given.wasm_node("n1", given.entry())

    status = conclude(
        given.node(), record, Outcome("SmokeTestFailed", "m", None, result), given.NOW
    )

    assert [it.predecessor for it in status.leftovers] == [RCM]


def test_takeover__while_a_pod_uses_their_files__names_it() -> None:
    record = given.wasm_node("n1", given.entry(), take_over=(KWASM,))

    status = ended(record, LeftBehind(predecessor=KWASM, in_use=("pod shop/cart",))).status

    told = find(status.conditions, "Adoptable")
    assert told is not None
    assert (told.status, told.reason) == ("False", "TakenOver")
    assert told.message.endswith("files that stay until nothing uses them: pod shop/cart")


def test_takeover__of_everything__leaves_no_condition_and_no_label_of_theirs() -> None:
    labels = {**THEIRS, "spin": "provisioned"}
    told = {"take_over": (KWASM, RCM), "predecessor_labels": tuple(sorted(labels))}
    record = ended(given.wasm_node("n1", given.entry(), **told))

    assert label_changes_of(plan(given.node(labels=labels), record)) == {
        names.KWASM_PROVISIONED: None,
        "spin": None,
        names.runtime_label("spin"): "ready",
        names.PROVISIONED: "true",
    }
    assert find(record.status.conditions, "Adoptable") is None


def test_takeover__on_a_node_with_kwasms_key__keeps_the_label_that_people_select() -> None:
    node = given.node(labels=THEIRS, annotations={names.KWASM_NODE: "true"})
    record = ended(given.wasm_node("n1", given.entry(), take_over=(KWASM,)))

    assert names.KWASM_PROVISIONED not in label_changes_of(plan(node, record))


def test_node_given_back__after_kwasms_key__loses_the_label_that_was_ours() -> None:
    node = given.node(labels={**THEIRS, names.PROVISIONED: "true"})
    record = ended(given.wasm_node("n1"))

    actions = plan(node, record)

    assert label_changes_of(actions) == {names.KWASM_PROVISIONED: None, names.PROVISIONED: None}
    assert isinstance(actions[-1], DeleteWasmNode)
