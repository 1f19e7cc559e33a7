"""Which node comes next."""

from collections import Counter

from unit.operator import given
from unit.operator.fleet.cluster import only, plan
from wasmwright_operator import names
from wasmwright_operator.actions import CreateWasmNode, UpdateWasmNode
from wasmwright_operator.api.wasmnode import Cause, WasmNodeStatus
from wasmwright_operator.fleet.budget import Load
from wasmwright_operator.fleet.order import turns
from wasmwright_operator.fleet.rendering import Renderer
from wasmwright_operator.fleet.runs import Run
from wasmwright_operator.fleet.targets import Target
from wasmwright_operator.records import WasmNodeRecord

SPIN = given.entry("spin")


def run(
    name: str, zone: str = "", record: WasmNodeRecord | None = None, snapshotter: str = ""
) -> Run:
    entry = given.entry("spin", config={"snapshotter": snapshotter}) if snapshotter else SPIN
    node = given.node(name, labels={names.ZONE_LABEL: zone})
    goal = Target(node=node, wasm_node=record, wanted=frozenset({"spin"}))
    spin = frozenset({"spin"})
    load = Load(slots=spin, installs=spin, serves=spin, margin=1, is_further=True)
    return Run(goal, (entry,), Renderer().hash((entry,)), spin, Cause.INSTALL, load)


def failed(name: str, since: str) -> Run:
    status = WasmNodeStatus.model_validate(
        {
            "concluded_hash": given.HASH,
            "concluded_attempt": 1,
            "failing_since": since,
            "last_error": {"reason": "R", "message": "m"},
        }
    )
    return run(name, record=given.wasm_node(name, SPIN, status=status))


def order(*runs: Run, **busy: int) -> list[str]:
    return [item.target.node.name for item in turns(runs, busy)]


def test_zones__take_turns() -> None:
    runs = [run(f"{zone}{i}", zone) for zone in "abc" for i in range(4)]

    found = order(*runs)

    for begin in range(0, 12, 3):
        assert {name[0] for name in found[begin : begin + 3]} == set("abc")


def test_zone_in_which_nodes_change__waits_for_the_others() -> None:
    runs = [run(f"{zone}{i}", zone) for zone in "ab" for i in range(4)]

    assert Counter(name[0] for name in order(*runs, a=3)[:5]) == {"b": 4, "a": 1}


def test_order__is_the_same_whatever_order_the_nodes_come_in() -> None:
    runs = [run(f"n{i}") for i in range(9)]

    assert order(*runs) == order(*reversed(runs))


def test_order__is_another_one_for_another_revision() -> None:
    first = [run(f"n{i}") for i in range(9)]
    second = [run(f"n{i}", snapshotter="stargz") for i in range(9)]

    assert order(*first) != order(*second)


def test_failed_nodes__come_last__and_last_of_all_the_one_that_failed_first() -> None:
    late, early = failed("late", "2026-05-04T11:00:00Z"), failed("early", "2026-05-04T09:00:00Z")

    assert order(early, late, run("fresh")) == ["fresh", "late", "early"]


def test_one_slot__goes_to_a_newcomer_before_a_retry() -> None:
    retry = failed("n1", "2026-05-04T09:00:00Z").target.wasm_node
    assert retry is not None
    due = WasmNodeStatus.model_validate(
        retry.status.model_dump() | {"next_retry": "2026-05-04T11:00:00Z"}
    )
    record = given.wasm_node("n1", SPIN, status=due)
    asking = given.node("n1", asks="spin"), given.node("n2", asks="spin")

    actions = plan(*asking, given.runtime(rollout={"maxParallel": 1}), record)

    assert [action.name for action in only(actions, CreateWasmNode)] == ["n2"]
    assert only(actions, UpdateWasmNode) == []
