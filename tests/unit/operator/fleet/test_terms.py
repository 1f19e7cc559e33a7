"""On which terms a run takes runtimes away."""

import pytest

from unit.operator import given
from unit.operator.fleet.cluster import only, plan
from wasmwright_operator.actions import CreateWasmNode, UpdateWasmNode
from wasmwright_operator.api.wasmnode import WasmNodeSpec, WasmNodeStatus
from wasmwright_operator.records import RuntimeRecord, WasmNodeRecord


def holder(*names: str) -> WasmNodeRecord:
    status = WasmNodeStatus.model_validate(
        {
            "concluded_hash": given.HASH,
            "concluded_attempt": 1,
            "installed_hash": given.HASH,
            "runtimes": [{"name": name, "handler": name, "state": "ready"} for name in names],
        }
    )
    return given.wasm_node("n1", *map(given.entry, names), status=status)


def going(name: str, rule: str) -> RuntimeRecord:
    return given.runtime(name, deleting=True, removal={"whenInUse": rule})


def told(spec: WasmNodeSpec) -> tuple[str, str, str]:
    return spec.disruption.wasm_pods.value, spec.wasm_pods.value, spec.removal.value


@pytest.mark.parametrize(
    ("runtimes", "held", "expected"),
    [
        ([going("spin", "Block")], ["spin"], ("Wait", "Wait", "Wait")),
        ([going("spin", "Drain")], ["spin"], ("Evict", "Wait", "Wait")),
        ([going("spin", "Force")], ["spin"], ("Force", "Force", "Force")),
        (
            [going("spin", "Force"), going("wasmtime", "Drain")],
            ["spin", "wasmtime"],
            ("Evict", "Wait", "Wait"),
        ),
        ([going("spin", "Force")], ["spin", "unknown"], ("Force", "Force", "Wait")),
        ([], ["unknown"], ("Wait", "Wait", "Wait")),
    ],
    ids=["block", "drain", "force", "force-and-drain", "force-and-gone", "gone"],
)
def test_removal__has_the_terms_of_whoever_is_most_careful(
    runtimes: list[RuntimeRecord], held: list[str], expected: tuple[str, str, str]
) -> None:
    (action,) = only(plan(given.node("n1"), holder(*held), *runtimes), UpdateWasmNode)

    assert action.spec.runtimes == ()
    assert told(action.spec) == expected


@pytest.mark.parametrize("rule", ["Drain", "Force"])
def test_removal__by_a_lost_wish__has_the_same_terms(rule: str) -> None:
    runtime = given.runtime("spin", removal={"whenInUse": rule})

    (action,) = only(plan(given.node("n1"), holder("spin"), runtime), UpdateWasmNode)

    assert action.spec.disruption.wasm_pods == {"Drain": "Evict", "Force": "Force"}[rule]


def test_install__does_not_look_at_how_it_will_be_removed() -> None:
    runtime = given.runtime("spin", removal={"whenInUse": "Force"})

    (action,) = only(plan(given.node("n1", asks="spin"), runtime), CreateWasmNode)

    assert told(action.spec) == ("Wait", "Wait", "Wait")


def test_exchange__waits_for_pods_unless_both_runtimes_permit_their_loss() -> None:
    leaving = given.runtime("spin", removal={"whenInUse": "Force"})
    node = given.node("n1", asks="wasmtime")

    (action,) = only(plan(node, holder("spin"), leaving, given.runtime("wasmtime")), UpdateWasmNode)

    assert [entry.name for entry in action.spec.runtimes] == ["wasmtime"]
    assert told(action.spec) == ("Wait", "Wait", "Force")
