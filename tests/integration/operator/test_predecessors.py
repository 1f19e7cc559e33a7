"""Nodes and RuntimeClasses of KWasm and runtime-class-manager on a real API server."""

import time
from collections.abc import Iterator

import pytest

from integration.operator import behaviours
from integration.operator.api import CLASSES, CRDS, NODES, Raw
from integration.operator.world import QUIET, World, wait
from support import shims
from wasmwright_operator import names

pytestmark = pytest.mark.integration

SHIMS = f"/apis/{shims.API_VERSION}/shims"
CLASS = "wasmtime-spin-v2"
IN_THE_WAY = behaviours.fails(11, "Adoptable", "handler 'spin' is declared by KWasm")


@pytest.fixture
def shim(world: World) -> Iterator[Raw]:
    """A Shim with its RuntimeClass, and the node on which it was installed."""
    world.api.create(CRDS, shims.crd())
    wait(lambda: world.api.client.get(SHIMS).is_success)
    found = world.api.create(SHIMS, shims.shim("spin-v2", CLASS, {"spin": "true"}))
    world.api.create(CLASSES, shims.runtime_class(found))
    world.add_node("n1", labels={"spin": "true", "spin-v2": "provisioned"})
    yield found
    path = f"{SHIMS}/spin-v2"
    if world.api.get(path):
        world.api.merge(path, {"metadata": {"finalizers": []}})
    world.api.delete(f"{CRDS}/shims.{shims.GROUP}")


def told(world: World, node: str, kind: str) -> Raw:
    found = world.wasm_node(node).get("status", {}).get("conditions", [])
    return next((item for item in found if item["type"] == kind), {})


def state(world: World, node: str) -> str:
    return str(world.wasm_node(node).get("status", {}).get("state", ""))


def test_kwasms_node__that_asks_for_nothing__is_adoptable_without_a_job_or_a_changed_label(
    world: World,
) -> None:
    world.add_node("n1", labels={names.KWASM_PROVISIONED: "n1"})

    wait(lambda: state(world, "n1") == "Adoptable")

    assert told(world, "n1", "Adoptable")["reason"] == "LeftByKWasm"
    assert world.jobs() == []
    assert world.labels("n1") == {names.KWASM_PROVISIONED: "n1"}
    world.api.merge(f"{NODES}/n1", {"metadata": {"labels": {names.KWASM_PROVISIONED: None}}})
    wait(lambda: not world.wasm_node("n1"))


def test_kwasms_node__that_asks_for_a_runtime__is_taken_over_once_that_is_permitted(
    world: World,
) -> None:
    world.kubelets.always["n1"] = IN_THE_WAY
    world.declare("spin")
    world.add_node(
        "n1",
        labels={names.KWASM_PROVISIONED: "n1"},
        annotations={names.KWASM_NODE: "true"},
    )
    wait(lambda: state(world, "n1") == "Adoptable")
    assert names.TAKE_OVER in world.wasm_node("n1")["status"]["lastError"]["message"]
    assert len(world.jobs()) == 1
    assert world.labels("n1")[names.KWASM_PROVISIONED] == "n1"
    wait(lambda: world.condition("spin", "Ready").get("reason") == "Adoptable")

    del world.kubelets.always["n1"]
    world.api.merge(f"{NODES}/n1", {"metadata": {"annotations": {names.TAKE_OVER: "true"}}})
    world.wait_provisioned("n1")

    spec = world.wasm_node("n1")["spec"]
    assert (spec["cause"], spec["takeOver"]) == ("TakeOver", ["kwasm", "rcm"])
    assert told(world, "n1", "Adoptable") == {}
    assert world.labels("n1")[names.KWASM_PROVISIONED] == "n1"
    _assert_quiet(world)


@pytest.mark.usefixtures("shim")
def test_shims_node_and_class__when_taken_over__are_ours_and_outlive_the_shim(
    world: World,
) -> None:
    wait(lambda: state(world, "n1") == "Adoptable")
    uid = world.api.get(f"{CLASSES}/{CLASS}")["metadata"]["uid"]
    world.declare("spin-v2", runtimeClasses=[{"name": CLASS, "conflictPolicy": "Adopt"}])
    asks = {names.RUNTIMES: "spin-v2", names.TAKE_OVER: "true"}

    world.api.merge(f"{NODES}/n1", {"metadata": {"annotations": asks}})
    world.wait_provisioned("n1")
    wait(lambda: "ownerReferences" not in world.api.get(f"{CLASSES}/{CLASS}")["metadata"])

    found = world.api.get(f"{CLASSES}/{CLASS}")
    assert found["scheduling"] == {"nodeSelector": {names.runtime_label("spin-v2"): "ready"}}
    assert CLASS not in found["metadata"]["labels"]
    wait(lambda: "spin-v2" not in world.api.get(f"{NODES}/n1")["metadata"]["labels"])
    wait(lambda: told(world, "n1", "Adoptable") == {})
    _assert_quiet(world)
    world.api.delete(f"{SHIMS}/spin-v2")
    world.api.merge(f"{SHIMS}/spin-v2", {"metadata": {"finalizers": []}})
    wait(lambda: not world.api.get(f"{SHIMS}/spin-v2"))
    time.sleep(QUIET)
    assert world.api.get(f"{CLASSES}/{CLASS}")["metadata"]["uid"] == uid


def _assert_quiet(world: World) -> None:
    """What was reached is reached: nothing is written any more."""
    time.sleep(2 * QUIET)
    before = len(world.operator.lines)
    time.sleep(QUIET)
    assert world.operator.writes(before) == []
