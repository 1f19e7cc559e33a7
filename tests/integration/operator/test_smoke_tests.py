"""Smoke tests on the real API server, with the rights of the chart."""

from collections import Counter

import pytest

from integration.operator.api import CLASSES, NODES, Raw
from integration.operator.behaviours import hangs, runs_wasm, takes, traps
from integration.operator.fleet import Fleet
from integration.operator.kubelets import PODS
from integration.operator.world import World, wait
from wasmwright_operator import names

pytestmark = pytest.mark.integration

TESTED = {"smokeTest": {"timeoutSeconds": 30}}
LABEL = names.runtime_label("spin")


def pods(world: World) -> list[Raw]:
    found = world.api.items(PODS)
    return [raw for raw in found if names.SMOKE_TEST in raw["metadata"].get("annotations", {})]


def label(world: World, node: str) -> str:
    found = world.api.get(f"{NODES}/{node}")["metadata"]["labels"]
    return str(found.get(LABEL, ""))


def test_smoke_tests__of_three_nodes__are_three_pods_and_nothing_more(fleet: Fleet) -> None:
    fleet.declare("spin", verify=TESTED)
    nodes = {"n1", "n2", "n3"}
    fleet.add_nodes(*nodes)
    fleet.ask(*nodes)
    fleet.wait_provisioned_exactly(nodes)

    assert sorted(fleet.kubelets.tested) == sorted(nodes)
    assert sorted(fleet.kubelets.ran) == sorted(nodes)
    wait(lambda: pods(fleet) == [], 10)
    fleet.wait_quiet()
    fleet.assert_rules_held()
    asked = Counter(it.request.verb for it in fleet.proxy.seen if it.request.resource == "pods")
    assert (asked["create"], asked["delete"]) == (3, 3)
    assert "events" not in {
        it.request.resource for it in fleet.proxy.seen if not it.request.is_write
    }

    fleet.change("spin", verify={"smokeTest": None})
    wait(lambda: not fleet.api.get(f"{CLASSES}/{names.smoke_test_class('spin')}"), 10)


def test_smoke_test__that_fails__is_told_and_tried_again(fleet: Fleet) -> None:
    fleet.kubelets.smoke_tests.append(traps)
    fleet.declare("spin", verify=TESTED)
    fleet.add_nodes("n1")
    fleet.ask("n1")
    wait(lambda: label(fleet, "n1") == "failed", 30)

    error = fleet.wasm_node("n1")["status"]["lastError"]
    assert error["reason"] == "SmokeTestFailed"
    assert "exit code 137: trap: unreachable" in error["message"]
    assert fleet.api.get(f"{CLASSES}/spin") == {}

    fleet.api.merge(f"{NODES}/n1", {"metadata": {"annotations": {names.RETRY: "now"}}})
    fleet.wait_provisioned_exactly({"n1"})
    assert len(fleet.kubelets.tested) == 2


def test_smoke_test__whose_kubelet_is_silent__fails_with_its_warnings_and_the_pod_goes(
    fleet: Fleet,
) -> None:
    fleet.kubelets.smoke_tests.append(hangs)
    fleet.declare("spin", verify={"smokeTest": {"timeoutSeconds": 5}})
    fleet.add_nodes("n1")
    fleet.ask("n1")
    wait(lambda: len(pods(fleet)) == 1, 30)
    fleet.api.create(PODS.replace("/pods", "/events"), warning(pods(fleet)[0]))
    wait(lambda: label(fleet, "n1") == "failed", 30)

    message = fleet.wasm_node("n1")["status"]["lastError"]["message"]
    assert "did not end within 5 s" in message
    assert "FailedCreatePodSandBox: no such shim" in message
    wait(lambda: pods(fleet) == [], 10)


def warning(pod: Raw) -> Raw:
    metadata = pod["metadata"]
    about = {"kind": "Pod", **{key: metadata[key] for key in ("name", "namespace", "uid")}}
    return {
        "metadata": {"generateName": "warning-", "namespace": metadata["namespace"]},
        "involvedObject": about,
        "type": "Warning",
        "reason": "FailedCreatePodSandBox",
        "message": "no such shim",
    }


def test_operator__killed_during_a_smoke_test__goes_on_with_the_same_pod(world: World) -> None:
    world.kubelets.smoke_tests.append(takes(6, runs_wasm))
    world.declare("spin", verify=TESTED)
    world.add_node("n1")
    world.annotate("n1", runtimes="spin")
    wait(lambda: len(pods(world)) == 1, 30)
    before = pods(world)[0]["metadata"]["uid"]

    world.operator.kill()
    world.operator.start()
    seen = {pod["metadata"]["uid"] for pod in pods(world)}
    world.wait_provisioned("n1")

    assert seen == {before}
    assert (world.kubelets.tested, world.kubelets.ran) == (["n1"], ["n1"])
    wait(lambda: pods(world) == [], 10)
