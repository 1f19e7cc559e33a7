"""RuntimeClasses on a real API server: when they come, what they say, whose they are."""

from typing import Any

import pytest

from integration.operator.api import CLASSES, NODES, WRT, Raw
from integration.operator.world import World, wait

pytestmark = pytest.mark.integration

READY = "runtime.wasmwright.dev/spin"
ASKS = {"wasmwright.dev/runtimes": "spin"}


def foreign(world: World, handler: str) -> Raw:
    """A RuntimeClass as distributions bring it along: without a selector, of nobody."""
    body = {"metadata": {"name": "spin", "labels": {"objectset": "addon"}}, "handler": handler}
    return world.api.create(CLASSES, body)


def policy(name: str) -> dict[str, Any]:
    return {"runtimeClasses": [{"name": "spin", "conflictPolicy": name}]}


def found(world: World) -> Raw:
    return world.api.get(f"{CLASSES}/spin")


def test_runtime_class__too_few_nodes_ready__waits_and_then_stays(world: World) -> None:
    world.declare("spin", minReadyNodes=2)
    world.add_node("n1", annotations=ASKS)
    world.wait_provisioned("n1")
    wait(lambda: "1/1 ready, 2 needed for spin" in _class_condition(world).get("message", ""))
    assert _class_condition(world)["reason"] == "WaitingForNodes"
    assert found(world) == {}

    world.add_node("n2", annotations=ASKS)

    assert wait(lambda: found(world))["scheduling"]["nodeSelector"] == {READY: "ready"}
    world.api.delete(f"{NODES}/n2")
    wait(lambda: world.condition("spin", "Available").get("status") == "False")
    assert found(world), "pods that run through it must not lose it"


@pytest.mark.parametrize("handler", ["spin", "other"])
def test_runtime_class__of_somebody_else__is_a_conflict_and_left_alone(
    world: World, handler: str
) -> None:
    before = foreign(world, handler)
    world.declare("spin")
    world.add_node("n1", annotations=ASKS)
    world.wait_provisioned("n1")

    told = wait(lambda: _of_reason(_class_condition(world), "Conflict"))

    assert "RuntimeClass 'spin' exists" in told["message"]
    assert found(world) == before
    world.api.delete(f"{CLASSES}/spin")
    wait(lambda: _class_condition(world).get("status") == "True")


def test_runtime_class__to_be_adopted__is_ours_until_the_end_and_then_as_before(
    world: World,
) -> None:
    before = foreign(world, "spin")
    world.declare("spin", **policy("Adopt"))
    world.add_node("n1", annotations=ASKS)

    wait(lambda: found(world).get("scheduling") == {"nodeSelector": {READY: "ready"}})
    world.api.delete(f"{WRT}/spin")

    wait(lambda: not world.runtime("spin"))
    after = found(world)
    assert "scheduling" not in after
    assert after["metadata"]["labels"] == before["metadata"]["labels"]
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert "annotations" not in after["metadata"]


def test_runtime_class__to_be_ignored__is_never_touched(world: World) -> None:
    before = foreign(world, "spin")
    world.declare("spin", **policy("Ignore"))
    world.add_node("n1", annotations=ASKS)
    world.wait_provisioned("n1")
    wait(lambda: _class_condition(world).get("status") == "True")

    world.api.delete(f"{WRT}/spin")

    wait(lambda: not world.runtime("spin"))
    assert found(world) == before


def _of_reason(condition: Raw, reason: str) -> Raw | None:
    return condition if condition.get("reason") == reason else None


def _class_condition(world: World) -> Raw:
    return world.condition("spin", "RuntimeClassReady")
