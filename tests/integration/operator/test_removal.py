"""Runtimes leave their nodes: deletions end, nothing is done twice, nobody is forgotten."""

import time

import pytest

from integration.operator.api import CLASSES, NODES, WN, WRT
from integration.operator.behaviours import fails
from integration.operator.world import QUIET, World, wait
from wasmwright_operator import names

pytestmark = pytest.mark.integration

READY = "runtime.wasmwright.dev/spin"
ASKS = {"annotations": {"wasmwright.dev/runtimes": "spin"}}
LONG_AGO = "2026-01-01T00:00:00Z"


def installed(world: World, *nodes: str, **spec: object) -> None:
    world.declare("spin", **spec)
    for name in nodes:
        world.add_node(name, **ASKS)
    world.wait_provisioned(*nodes)
    wait(lambda: world.api.get(f"{CLASSES}/spin"))


def gone(world: World) -> None:
    wait(lambda: not world.runtime("spin"), within=30)
    assert world.api.get(f"{CLASSES}/spin") == {}


def test_scenario_32__deleted_created_and_deleted_again__is_uninstalled_both_times(
    world: World,
) -> None:
    installed(world, "n1")
    world.api.delete(f"{WRT}/spin")
    gone(world)
    wait(lambda: not world.labels("n1"))
    assert len(world.kubelets.ran) == 2

    world.declare("spin")
    world.wait_provisioned("n1")
    world.api.delete(f"{WRT}/spin")
    gone(world)
    wait(lambda: not world.labels("n1"))
    assert len(world.kubelets.ran) == 4
    time.sleep(QUIET)
    before, jobs = world.versions(), len(world.jobs())

    world.operator.kill()
    world.operator.start()
    time.sleep(QUIET)

    assert world.versions() == before, "a restart replays nothing"
    assert len(world.jobs()) == jobs
    assert len(world.kubelets.ran) == 4


def test_scenario_33__one_wish_or_label_less__cleans_that_node_and_no_other(world: World) -> None:
    world.declare("spin", placement={"nodeSelector": {"matchLabels": {"pool": "wasm"}}})
    for name in ("n1", "n2"):
        world.add_node(name, labels={"pool": "wasm"})
    world.add_node("n3", labels={"pool": "other"})
    world.add_node("n4", **ASKS)
    world.wait_provisioned("n1", "n2", "n4")

    world.api.merge(f"{NODES}/n1", {"metadata": {"labels": {"pool": None}}})
    world.wait_given_back("n1")
    selector = {"matchLabels": {"pool": "other"}}
    world.api.merge(f"{WRT}/spin", {"spec": {"placement": {"nodeSelector": selector}}})
    world.wait_given_back("n2")
    world.wait_provisioned("n3", "n4")

    assert sorted(world.kubelets.ran) == ["n1", "n1", "n2", "n2", "n3", "n4"]


def test_scenario_34__wanted_again_while_it_is_removed__is_installed_in_the_end(
    world: World,
) -> None:
    installed(world, "n1", "n2")
    world.kubelets.paused.set()
    world.annotate("n1", runtimes=None)
    wait(lambda: len(world.jobs("n1")) == 2)
    assert world.labels("n1") == {READY: "removing"}

    world.annotate("n1", runtimes="spin")
    world.kubelets.resume()

    world.wait_provisioned("n1")
    assert world.labels("n1")[READY] == "ready"
    assert world.kubelets.ran.count("n1") == 3
    assert world.kubelets.ran.count("n2") == 1


def test_scenario_34__some_nodes_keep_another_runtime__which_stays(world: World) -> None:
    world.declare("wasmtime")
    world.declare("spin")
    world.add_node("n1", annotations={"wasmwright.dev/runtimes": "spin,wasmtime"})
    world.add_node("n2", **ASKS)
    world.wait_provisioned("n1", "n2")

    world.api.delete(f"{WRT}/spin")
    wait(lambda: not world.runtime("spin"), within=30)

    wait(lambda: READY not in world.labels("n1"))
    assert world.labels("n1")["runtime.wasmwright.dev/wasmtime"] == "ready"
    wait(lambda: not world.labels("n2"))


@pytest.mark.parametrize(("rule", "expected"), [("Block", "Wait"), ("Force", "Force")])
def test_scenario_35__runtime_in_use__is_removed_on_its_own_terms(
    world: World, rule: str, expected: str
) -> None:
    installed(world, "n1", removal={"whenInUse": rule})
    world.kubelets.paused.set()
    world.api.delete(f"{WRT}/spin")

    wait(lambda: len(world.jobs("n1")) == 2)
    assert world.wasm_node("n1")["spec"]["removal"] == expected
    is_early = rule == "Force"
    if is_early:
        wait(lambda: not world.api.get(f"{CLASSES}/spin"))
    assert world.runtime("spin"), "the node is not clean yet"
    assert bool(world.api.get(f"{CLASSES}/spin")) != is_early
    world.kubelets.resume()
    gone(world)


def test_deletion__offers_no_node_any_more__before_its_turn_has_come(world: World) -> None:
    installed(world, "n1", "n2", "n3", rollout={"maxParallel": 1})
    world.kubelets.paused.set()
    world.api.delete(f"{WRT}/spin")

    for name in ("n1", "n2", "n3"):
        wait(lambda name=name: world.labels(name).get(READY) == "removing")
    wait(lambda: len(world.jobs()) == 4)
    time.sleep(QUIET)
    assert len(world.jobs()) == 4, "one node at a time"
    world.kubelets.resume()
    gone(world)


def test_scenario_36__node_that_is_away__is_left_behind_and_cleaned_when_it_returns(
    world: World,
) -> None:
    installed(world, "n1", "n2", removal={"unreachableTimeout": "24h"})
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    world.report("n2", ready=False, since=now)
    world.api.delete(f"{WRT}/spin")

    blocked = wait(lambda: _blocked(world, "NodesUnreachable"))
    assert "n2" in blocked["message"]
    assert world.kubelets.ran.count("n2") == 1, "nobody could run a Job there"
    world.api.merge(f"{WRT}/spin", {"spec": {"removal": {"unreachableTimeout": "0"}}})
    gone(world)

    wait(lambda: world.wasm_node("n2")["status"]["state"] == "Orphaned")
    world.wait_event("spin", "NodesOrphaned")
    world.operator.kill()
    world.operator.start()
    assert world.labels("n2") == {READY: "removing"}
    world.report("n2", ready=True, since=now)
    wait(lambda: not world.labels("n2"))
    assert world.kubelets.ran.count("n2") == 2
    world.annotate("n2", runtimes=None)
    wait(lambda: not world.wasm_node("n2"))


def test_force_delete__lets_a_deletion_go_on_without_its_nodes(world: World) -> None:
    installed(world, "n1")
    world.kubelets.always["n1"] = fails(
        40, "PodsInUse", "in use by default/web", blockingPods=["default/web"]
    )
    world.api.delete(f"{WRT}/spin")
    wait(lambda: _blocked(world, "PodsInUse"))

    world.api.merge(f"{WRT}/spin", {"metadata": {"annotations": {names.FORCE_DELETE: "true"}}})
    gone(world)

    assert world.wasm_node("n1"), "it is not forgotten"
    del world.kubelets.always["n1"]
    wait(lambda: not world.labels("n1"), within=40)


def test_scenario_37__finalizer__is_there_before_the_first_node_is_claimed(world: World) -> None:
    world.kubelets.paused.set()
    world.operator.kill()
    world.declare("spin")
    world.add_node("n1", **ASKS)
    world.operator.start()
    for _ in range(3):
        wait(lambda: world.runtime("spin")["metadata"].get("finalizers"))
        world.operator.kill()
        assert names.FINALIZER in world.runtime("spin")["metadata"]["finalizers"]
        world.operator.start()
    claimed = wait(lambda: world.wasm_node("n1"))

    writes = world.operator.writes()
    assert writes.index("SetFinalizers") < writes.index("CreateWasmNode")
    assert claimed["spec"]["attempt"] == 1
    world.kubelets.resume()
    world.wait_provisioned("n1")
    assert world.kubelets.ran == ["n1"]


def test_scenario_42__node_deleted__takes_its_objects_and_counts_with_it(world: World) -> None:
    long = "a." * 30 + "node-with-a-name-of-more-than-63-characters"
    sibling = long + "-2"
    installed(world, long, sibling)
    wait(lambda: world.runtime("spin")["status"]["summary"] == "2/2 ready")

    world.api.delete(f"{NODES}/{long}")

    wait(lambda: world.runtime("spin")["status"]["summary"] == "1/1 ready", within=60)
    wait(lambda: not world.wasm_node(long) and not world.jobs(long), within=60)
    assert [item["metadata"]["name"] for item in world.api.items(WN)] == [sibling]
    assert len(world.jobs(sibling)) == 1


def _blocked(world: World, reason: str) -> dict[str, str]:
    found: dict[str, str] = world.condition("spin", "DeletionBlocked")
    return found if (found.get("status"), found.get("reason")) == ("True", reason) else {}
