"""Who gets a Job and who does not, on a cluster of all kinds of nodes."""

import pytest

from integration.operator.api import NAMESPACES, NODES, WRT
from integration.operator.world import JOBS, World, wait
from wasmwright_operator import names

pytestmark = pytest.mark.integration

DIGEST = "b" * 64


def http(*archs: str) -> dict[str, object]:
    platforms = [
        {"arch": arch, "url": f"https://example.org/{arch}/shim.tar.gz", "sha256": DIGEST}
        for arch in archs
    ]
    return {"http": {"platforms": platforms}}


def test_scenario_5__mixed_architectures__each_gets_its_own_and_one_is_unsupported(
    world: World,
) -> None:
    world.api.create(
        WRT,
        {
            "apiVersion": names.API_VERSION,
            "kind": "WasmRuntime",
            "metadata": {"name": "spin"},
            "spec": {
                "source": http("amd64", "arm64"),
                "placement": {"nodeSelector": {}},
                "rollout": {"maxUnavailable": "100%"},
            },
        },
    )
    for arch in ("amd64", "arm64", "s390x"):
        world.add_node(arch, labels={names.ARCH_LABEL: arch})
    world.wait_provisioned("amd64", "arm64")

    for arch in ("amd64", "arm64"):
        (entry,) = world.wasm_node(arch)["spec"]["runtimes"]
        assert f"/{arch}/" in entry["source"]["http"]["url"]
    wait(lambda: world.condition("spin", "Available").get("status") == "True")
    status = world.runtime("spin")["status"]
    assert (status["nodes"]["targeted"], status["nodes"]["unsupported"]) == (2, 1)
    assert [(it["node"], it["reason"]) for it in status["failures"]] == [
        ("s390x", "UnsupportedArchitecture")
    ]
    assert world.jobs("s390x") == []


def test_scenario_6__empty_selector__gives_jobs_to_real_and_free_linux_nodes_only(
    world: World,
) -> None:
    world.declare("spin", placement={"nodeSelector": {}}, rollout={"maxUnavailable": "100%"})
    world.add_node("worker")
    world.add_node("windows", labels={names.OS_LABEL: "windows"})
    world.add_node("virtual", labels={"type": "virtual-kubelet"})
    world.add_node("fargate", labels={"eks.amazonaws.com/compute-type": "fargate"})
    taint = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}
    labels = {names.OS_LABEL: "linux", names.ARCH_LABEL: "amd64"}
    metadata = {"name": "control-plane", "labels": labels}
    world.api.create(NODES, {"metadata": metadata, "spec": {"taints": [taint]}})
    world.wait_provisioned("worker")

    expected = {
        "control-plane": "TaintNotTolerated",
        "fargate": "VirtualNode",
        "virtual": "VirtualNode",
        "windows": "UnsupportedOS",
    }
    wait(lambda: _excluded(world) == expected)
    assert {job["metadata"]["annotations"][names.JOB_NODE] for job in world.jobs()} == {"worker"}
    assert world.runtime("spin")["status"]["nodes"]["excluded"] == len(expected)


def test_scenario_14__node_not_ready__gets_its_turn_when_it_is(world: World) -> None:
    world.declare("spin", placement={"nodeSelector": {}})
    world.operator.stop()
    world.add_node("n1")
    world.report("n1", ready=False)
    world.operator.start()
    wait(lambda: _excluded(world) == {"n1": "NodeNotReady"})
    assert world.jobs("n1") == []

    world.report("n1", ready=True)

    world.wait_provisioned("n1")
    wait(lambda: _excluded(world) == {})


def test_scenario_18__job_whose_node_is_gone__hurts_nobody_and_goes(world: World) -> None:
    world.kubelets.paused.set()
    world.declare("spin", rollout={"maxParallel": 1})
    world.add_node("n1", annotations={names.RUNTIMES: "spin"})
    wait(lambda: world.jobs("n1"))

    world.api.delete(f"{NODES}/n1")
    world.kubelets.resume()
    world.add_node("n2", annotations={names.RUNTIMES: "spin"})

    world.wait_provisioned("n2")
    wait(lambda: not world.jobs("n1"), within=60)


def test_scenario_19__job_of_a_tenant_with_our_labels__is_ignored(world: World) -> None:
    tenant = "tenant"
    if not world.api.get(f"{NAMESPACES}/{tenant}"):
        world.api.create(NAMESPACES, {"metadata": {"name": tenant}})
    world.declare("spin")
    world.add_node("n1", annotations={names.RUNTIMES: "spin"})
    world.wait_provisioned("n1")
    (ours,) = world.jobs("n1")
    theirs = {
        "metadata": {
            "name": "pretender",
            "labels": ours["metadata"]["labels"],
            "annotations": ours["metadata"]["annotations"],
        },
        "spec": {
            "suspend": True,
            "template": {
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [{"name": "apply", "image": "tenant/image"}],
                }
            },
        },
    }
    before = world.versions()
    path = JOBS.replace("wasmwright-system", tenant)
    world.api.create(path, theirs)
    world.annotate("n1", retry="now")

    wait(lambda: world.wasm_node("n1")["spec"].get("retryToken") == "now")
    world.wait_provisioned("n1")
    assert len(world.jobs("n1")) == 1, "no run was due, and theirs is not taken for one"
    assert world.api.get(f"{path}/pretender")["metadata"]["generation"] == 1
    assert before.keys() <= world.versions().keys()
    world.api.delete(f"{path}/pretender", propagationPolicy="Background")


def _excluded(world: World) -> dict[str, str]:
    status = world.runtime("spin").get("status", {})
    return {item["node"]: item["reason"] for item in status.get("excluded", ())}
