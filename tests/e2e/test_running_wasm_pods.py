"""Pods of a real shim die with a restart of containerd, so nothing restarts while they run."""

import pytest

from support.kube_view import containerd_boots, get
from support.lab import Lab
from support.node_files import photograph
from support.waiting import eventually

pytestmark = pytest.mark.e2e


@pytest.fixture(params=[0, 1], ids=["containerd-1.7", "containerd-2.4"])
def index(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def test_second_runtime__declared_ahead__comes_without_a_restart(lab: Lab, index: int) -> None:
    node = lab.nodes[index]
    lab.declare("wasmtime", "wasmtest", "crun")
    lab.ask(node, "wasmtime")
    lab.wait_provisioned(node)
    boots = containerd_boots(node)
    pod = lab.run_loop(node, "wasmtime")

    lab.ask(node, "wasmtime,wasmtest,crun")
    lab.wait_ready(node, "wasmtest", "crun")

    assert containerd_boots(node) == boots
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


def test_upgrade__of_a_running_shim__costs_no_restart_and_no_pod(lab: Lab, index: int) -> None:
    node = lab.nodes[index]
    lab.declare("wasmtime")
    lab.ask(node, "wasmtime")
    lab.wait_provisioned(node)
    pod = lab.run_loop(node, "wasmtime")
    boots = containerd_boots(node)
    old = get(lab.cluster, "wn", node.name)["status"]["installedHash"]

    lab.declare("wasmtime", edition=2)
    eventually(
        lambda: get(lab.cluster, "wn", node.name)["status"],
        until=lambda status: status["installedHash"] != old and status["state"] == "Ready",
        within=60,
    )

    assert containerd_boots(node) == boots
    assert lab.still_ticks(pod)
    assert lab.pod_identity(pod) == pod.identity
    assert "hello from wasm" in lab.run_hello(node, "wasmtime")
