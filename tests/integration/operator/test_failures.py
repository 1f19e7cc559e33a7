"""Runs that fail, on the real API server with its Job controller."""

import pytest

from integration.operator.api import Raw
from integration.operator.behaviours import ended, fails
from integration.operator.world import World, wait

pytestmark = pytest.mark.integration

READY = "runtime.wasmwright.dev/spin"
ASKS = {"wasmwright.dev/runtimes": "spin"}


def status(world: World) -> Raw:
    found: Raw = world.wasm_node("n1").get("status", {})
    return found


def test_scenario_11__run_that_fails_again_and_again__is_left_alone_until_a_token_comes(
    world: World,
) -> None:
    world.kubelets.always["n1"] = fails(31, "RolledBack", "containerd did not start")
    world.declare("spin", rollout={"maxAttempts": 2, "maxFailures": 100})
    world.add_node("n1", annotations=ASKS)

    wait(lambda: status(world).get("failures") == 1)
    first = status(world)
    assert first["lastError"]["reason"] == "RolledBack"
    assert first["nextRetry"] > first["concludedAt"]
    wait(lambda: status(world).get("failures") == 2, within=40)
    second = status(world)
    assert "nextRetry" not in second or not second["nextRetry"]
    assert second["failingSince"] == first["failingSince"] == first["concludedAt"]
    assert "wasmwright.dev/retry" in second["lastError"]["message"]
    assert len(world.jobs("n1")) == 2

    del world.kubelets.always["n1"]
    world.annotate("n1", retry="again")
    world.wait_provisioned("n1")
    assert len(world.jobs("n1")) == 3
    assert not status(world).get("failingSince")


def disrupted(document: Raw) -> Raw:
    """The kubelet stopped the pod because its machine shuts down."""
    told = ended(143, document, reason="", message="")
    told["containerStatuses"][0]["state"]["terminated"]["message"] = ""
    condition = {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "TerminationByKubelet",
        "message": "the node shuts down",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    return {**told, "conditions": [condition]}


def test_scenario_15__pod_ended_by_the_cluster__is_tried_again_soon_and_blames_nobody(
    world: World,
) -> None:
    world.kubelets.script["n1"].append(disrupted)
    world.declare("spin")
    world.add_node("n1", annotations=ASKS)

    wait(lambda: status(world).get("lastError", {}).get("reason") == "PodEvicted")
    assert not status(world).get("failingSince")
    (job,) = world.jobs("n1")
    name = job["metadata"]["name"]
    wait(lambda: _says_why(world, name))
    world.wait_provisioned("n1")


def _says_why(world: World, name: str) -> bool:
    """Tell whether the Job's own status keeps that the cluster ended its pod."""
    found = next(job for job in world.jobs("n1") if job["metadata"]["name"] == name)
    told = found.get("status", {}).get("conditions", [])
    return any("has condition DisruptionTarget" in item.get("message", "") for item in told)
