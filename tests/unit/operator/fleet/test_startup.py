from typing import Any

import pytest

from unit.operator import given
from unit.operator.fleet.cluster import only, plan
from wasmwright_operator.actions import LiftTaints
from wasmwright_operator.manifests.writes import render_write
from wasmwright_operator.records import NodeRecord, RuntimeRecord, Taint

BORN = Taint("example.com/no-wasm", "NoSchedule")
OTHER = Taint("example.com/other", "NoSchedule", "x")
STARTUP = {"startupTaints": [{"key": BORN.key}], "nodeSelector": {}}


def runtime(name: str, **placement: Any) -> RuntimeRecord:
    return given.runtime(name, placement=STARTUP | placement)


def lifted(
    node: NodeRecord, *served: str, runtimes: tuple[RuntimeRecord, ...] = (), uid: str = ""
) -> list[LiftTaints]:
    ready = [{"name": name, "handler": name, "state": "ready"} for name in served]
    status = {"concludedHash": given.HASH, "concludedAttempt": 1, "runtimes": ready}
    entries = [given.entry(name) for name in served]
    record = given.wasm_node("n1", *entries, status=given.status(status), node_uid=uid)
    return only(plan(*(runtimes or (runtime("spin"),)), node, record), LiftTaints)


def test_startup_taint__of_a_node_that_serves_the_runtime__goes_and_others_stay() -> None:
    (action,) = lifted(given.node("n1", taints=(OTHER, BORN)), "spin")

    assert action == LiftTaints("n1", "n1-uid", ((1, BORN),))


@pytest.mark.parametrize(
    ("served", "taint", "node_uid"),
    [
        ((), BORN, ""),
        (("wasmtime",), BORN, ""),
        (("spin",), OTHER, ""),
        (("spin",), Taint(BORN.key, "NoExecute"), ""),
        (("spin",), BORN, "another-node"),
    ],
    ids=["nothing-served", "another-served", "other-taint", "other-effect", "node-before"],
)
def test_startup_taint__without_proof__stays(
    served: tuple[str, ...], taint: Taint, node_uid: str
) -> None:
    assert lifted(given.node("n1", taints=(taint,)), *served, uid=node_uid) == []


def test_startup_taint__that_two_runtimes_name__waits_for_both() -> None:
    both = (runtime("spin"), runtime("wasmtime"))
    node = given.node("n1", taints=(BORN,))

    assert lifted(node, "spin", runtimes=both) == []
    assert len(lifted(node, "spin", "wasmtime", runtimes=both)) == 1


def test_startup_taint__of_a_runtime_that_the_node_is_not_to_have__is_not_waited_for() -> None:
    elsewhere = runtime("wasmtime", nodeSelector={"matchLabels": {"pool": "other"}})
    node = given.node("n1", taints=(BORN,))

    assert len(lifted(node, "spin", runtimes=(runtime("spin"), elsewhere))) == 1
    plain = given.runtime("spin", placement={"nodeSelector": {}})
    assert lifted(node, "spin", runtimes=(plain, elsewhere)) == []


def test_lift_taints__is_tested_by_place__from_the_last_to_the_first() -> None:
    write = render_write(LiftTaints("n1", "u", ((0, BORN), (2, OTHER))))

    assert [item for item in write.body if item["op"] == "remove"] == [
        {"op": "remove", "path": "/spec/taints/2"},
        {"op": "remove", "path": "/spec/taints/0"},
    ]
    assert {"op": "test", "path": "/spec/taints/2/key", "value": OTHER.key} in write.body
    assert {"op": "test", "path": "/spec/taints/0/effect", "value": "NoSchedule"} in write.body
    assert write.body[0] == {"op": "test", "path": "/metadata/uid", "value": "u"}
