"""Pods of a real shim die with a restart of containerd: it waits for them, or they are sent away,
or they are lost, as people wish.
"""

from collections.abc import Iterator

import pytest

from localcluster import Node
from support.guests import end_guests, running_artifacts
from support.kube_view import condition, containerd_boots, get, labels
from support.lab import Install, Lab, Pod
from support.load import Load
from support.node_files import photograph
from support.shapes import HEALTHY, Shaped, companion, wasm
from support.waiting import eventually
from wasmwright_installer.contract import Source
from workloads import images
from workloads.modules import Module

pytestmark = pytest.mark.e2e


@pytest.fixture(params=[0, 1], ids=["containerd-1.7", "containerd-2.4"])
def index(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def test_second_runtime__declared_ahead__comes_without_a_restart(lab: Lab, index: int) -> None:
    node = lab.nodes[index]
    lab.declare("wasmtime", "wasmtest", "crun")
    lab.declare("wasmtime-next", edition=2)
    lab.ask(node, "wasmtime")
    lab.wait_provisioned(node)
    boots = containerd_boots(node)
    pod = lab.run_loop(node, "wasmtime")

    lab.ask(node, "wasmtime,wasmtime-next,wasmtest,crun")
    lab.wait_ready(node, "wasmtime-next", "wasmtest", "crun")

    assert containerd_boots(node) == boots
    lab.run_loop(node, "wasmtime-next")
    both = {artifact_of(lab, node, name) for name in ("wasmtime", "wasmtime-next")}
    assert len(both) == 2
    assert running_artifacts(node) == both, "two versions of a shim side by side"
    assert "hello from wasm" in lab.run_hello(node, "wasmtest")
    assert "hello from wasm" in lab.run_hello(node, "crun")
    assert lab.pod_identity(pod) == pod.identity
    assert lab.still_ticks(pod)


def test_undeclared_runtime__waits_with_the_pods_name__and_restarts_nothing(
    lab: Lab, index: int
) -> None:
    node = lab.nodes[index]
    lab.declare("wasmtime")
    lab.ask(node, "wasmtime")
    lab.wait_provisioned(node)
    pod = lab.run_loop(node, "wasmtime")
    boots = containerd_boots(node)
    before = photograph(node.root, "/etc", "/opt/wasmwright/bin")

    lab.declare("crun")
    lab.ask(node, "wasmtime,crun")
    seen = eventually(
        lambda: get(lab.cluster, "wn", node.name)["status"],
        until=lambda status: status["state"] == "Blocked",
        within=60,
    )

    assert seen["lastError"]["reason"] == "RestartWouldOrphanPods"
    assert pod.name in seen["lastError"]["message"]
    assert photograph(node.root, "/etc", "/opt/wasmwright/bin") == before
    assert containerd_boots(node) == boots
    assert lab.pod_identity(pod) == pod.identity
    assert lab.still_ticks(pod)

    lab.delete_pod(pod)
    lab.wait_ready(node, "wasmtime", "crun")
    assert containerd_boots(node) == boots + 1
    assert "hello from wasm" in lab.run_hello(node, "wasmtime")


@pytest.mark.shows("wasmtime", "install")
def test_upgrade__of_a_running_shim__costs_no_restart_and_no_pod(lab: Lab, index: int) -> None:
    """Nor does the downgrade after it, and a pod that serves meanwhile answers every request."""
    node = lab.nodes[index]
    lab.cluster.load(images.ensure_companion())
    lab.declare("wasmtime")
    lab.ask(node, "wasmtime")
    lab.wait_provisioned(node)
    lab.wait_class("wasmtime")
    old = artifact_of(lab, node, "wasmtime")
    server = companion("server", "serve", "--listen=:8080", readinessProbe=HEALTHY)
    pod = Shaped(lab.cluster, node, "wasmtime", wasm("main", Module.LOOP), server)
    pod.wait_ready()
    before, boots = pod.identity, containerd_boots(node)

    with Load(pod.address, 8080, "/healthz") as load:
        new = exchange(lab, node, edition=2)
        upgraded = lab.run_loop(node, "wasmtime")
        assert running_artifacts(node) == {old, new}, "each pod has the shim that it began with"
        lab.delete_pod(upgraded)

        assert exchange(lab, node, edition=1) == old
        lab.run_loop(node, "wasmtime")
        assert running_artifacts(node) == {old}

    assert load.lost == []
    assert load.answered > 50
    assert containerd_boots(node) == boots
    assert lab.still_ticks(Pod(pod.name, before))
    assert pod.identity == before


def exchange(lab: Lab, node: Node, *, edition: int) -> str:
    """Have another edition of the shim installed, and return the digest of its artifact."""
    before = get(lab.cluster, "wn", node.name)["status"]["installedHash"]
    lab.declare("wasmtime", edition=edition)
    eventually(
        lambda: get(lab.cluster, "wn", node.name)["status"],
        until=lambda it: it["installedHash"] != before and it["state"] == "Ready",
        within=60,
    )
    return artifact_of(lab, node, "wasmtime")


def artifact_of(lab: Lab, node: Node, name: str) -> str:
    """Return how a node's store knows the artifact of a runtime that it is to have."""
    entries = get(lab.cluster, "wn", node.name)["spec"]["runtimes"]
    (source,) = [it["source"] for it in entries if it["name"] == name]
    return Source.model_validate(source).key


def test_evict__of_a_deployments_pod__obeys_its_budget__and_the_pod_comes_back_after_the_restart(
    lab: Lab, install: Install
) -> None:
    node = lab.nodes[0]
    install(rbac={"evictPods": True})
    lab.declare("wasmtime")
    lab.ask(node, "wasmtime")
    lab.wait_provisioned(node)
    deployment = lab.deploy_loop(node, "wasmtime")
    lab.guard(deployment)
    before, boots = lab.running_pod(deployment), containerd_boots(node)

    lab.declare("crun", rollout={"disruption": {"wasmPods": "Evict"}})
    lab.ask(node, "wasmtime,crun")
    told = eventually(
        lambda: condition(get(lab.cluster, "wn", node.name), "Ready"),
        until=lambda found: "disruption budget" in found["message"],
        within=60,
    )
    assert (told["reason"], before.name in told["message"]) == ("Draining", True)
    assert labels(lab.cluster, node)["runtime.wasmwright.dev/wasmtime"] == "pending"
    assert containerd_boots(node) == boots
    assert lab.pod_identity(before) == before.identity
    assert lab.still_ticks(before)

    lab.kubectl("delete", "poddisruptionbudget", deployment)
    lab.wait_provisioned(node)
    assert containerd_boots(node) == boots + 1
    after = lab.running_pod(deployment, other_than=before)
    assert after.name != before.name
    assert lab.still_ticks(after)
    assert get(lab.cluster, "wn", node.name)["status"].get("warnings", []) == [], "no orphan"


@pytest.fixture
def loser(lab: Lab) -> Iterator[Node]:
    """A node on which guests may be lost: they go before it is cleaned."""
    node = lab.nodes[1]
    yield node
    lab.kubectl("delete", "deployments,pods", "--all", "--timeout=60s")
    end_guests(node)


def test_force__under_a_deployments_pod__restarts_and_tells_of_orphans__and_the_pod_comes_back(
    lab: Lab, loser: Node
) -> None:
    lab.declare("wasmtime")
    lab.ask(loser, "wasmtime")
    lab.wait_provisioned(loser)
    deployment = lab.deploy_loop(loser, "wasmtime")
    before, boots = lab.running_pod(deployment), containerd_boots(loser)

    lab.declare("crun", rollout={"disruption": {"wasmPods": "Force"}})
    lab.ask(loser, "wasmtime,crun")
    lab.wait_ready(loser, "wasmtime", "crun")

    assert containerd_boots(loser) == boots + 1
    warnings = get(lab.cluster, "wn", loser.name)["status"]["warnings"]
    assert any("without containerd knowing of them" in told for told in warnings)
    after = lab.running_pod(deployment, other_than=before)
    assert lab.still_ticks(after)
