"""Which targets the next plan takes over from the last one, and which it works out again."""

from dataclasses import replace

import pytest

from unit.operator import given
from unit.operator.fleet.cluster import Record, snapshot
from wasmwright_operator import names
from wasmwright_operator.fleet import FleetPolicy, Memo
from wasmwright_operator.fleet.acceptance import judge_runtimes
from wasmwright_operator.fleet.goals import Goals
from wasmwright_operator.fleet.rendering import Renderer
from wasmwright_operator.fleet.targets import Target

NODES = tuple(given.node(f"n{number}", asks="spin") for number in range(3))
SPIN = given.runtime("spin")
FLEET = {
    **{node.name: node for node in NODES},
    "wasm-n0": given.wasm_node("n0", given.entry("spin")),
    "spin": SPIN,
}


def targets(memo: Memo, *records: Record, policy: FleetPolicy | None = None) -> dict[str, Target]:
    seen = snapshot(*records, policy=policy)
    judged = judge_runtimes(seen.runtimes.values())
    return dict(Goals(seen, judged, Renderer(), given.NOW).targets(memo))


def anew(policy: FleetPolicy | None = None, **changed: Record) -> set[str]:
    """Return the nodes whose targets are worked out again after a change."""
    memo = Memo()
    before = targets(memo, *FLEET.values())
    after = targets(memo, *{**FLEET, **changed}.values(), policy=policy)
    return {name for name, target in after.items() if target is not before.get(name)}


def test_targets__of_an_unchanged_fleet__are_taken_over() -> None:
    assert anew() == set()


@pytest.mark.parametrize(
    ("key", "record", "expected"),
    [
        ("n1", replace(NODES[1]), {"n1"}),
        ("n1", given.node("n1", asks="spin", uid="another"), {"n1"}),
        ("wasm-n0", given.wasm_node("n0", given.entry("spin")), {"n0"}),
        ("wasm-n2", given.wasm_node("n2", given.entry("spin")), {"n2"}),
        ("wasm-n2", given.wasm_node("n2", given.entry("spin"), node_uid="before"), {"n2"}),
        ("n3", given.node("n3"), {"n3"}),
        ("spin", given.runtime("spin", status={"summary": "1/3 ready"}), set()),
        ("spin", given.runtime("spin", verify={"interval": "1h"}), {"n0", "n1", "n2"}),
        ("spin", given.runtime("spin", deleting=True), {"n0", "n1", "n2"}),
        ("wasmtime", given.runtime("wasmtime"), {"n0", "n1", "n2"}),
    ],
    ids=[
        "node",
        "node of the same name",
        "its WasmNode",
        "first WasmNode",
        "WasmNode of an earlier node",
        "new node",
        "status of a runtime",
        "spec of a runtime",
        "deletion of a runtime",
        "new runtime",
    ],
)
def test_targets__after_a_change__are_worked_out_for_whom_it_concerns(
    key: str, record: Record, expected: set[str]
) -> None:
    assert anew(**{key: record}) == expected


def test_targets__under_another_policy__are_worked_out_again() -> None:
    assert anew(FleetPolicy(kwasm_runtimes=("spin",))) == {"n0", "n1", "n2"}


def test_target__of_a_node_that_is_not_ready__depends_on_the_time_and_is_not_kept() -> None:
    waiting = given.node("n1", asks="spin", is_ready=False, ready_changed="2026-05-04T11:59:00Z")
    memo, records = Memo(), [waiting, SPIN]

    assert targets(memo, *records)["n1"] is not targets(memo, *records)["n1"]


def test_node__that_is_to_be_skipped_from_now_on__has_no_target() -> None:
    memo = Memo()
    targets(memo, *FLEET.values())
    skipped = replace(NODES[1], annotations={names.SKIP: "true"})

    assert "n1" not in targets(memo, *{**FLEET, "n1": skipped}.values())
