"""Ask for runtimes on nodes of both containerd majors, run wasm in them, and take them back."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from localcluster import Node
from support.kube_view import containerd_boots, get, labels
from support.lab import Lab
from support.node_files import photograph
from support.waiting import eventually

pytestmark = pytest.mark.e2e

STARTUP = "example.com/without-wasm"

CHANGED_BY_US = ("/etc", "/opt")


@pytest.mark.shows("crun", "install", "LinuxImage")
def test_annotated_nodes__of_both_majors__run_wasm_through_shim_and_crun(lab: Lab) -> None:
    before = {node.name: photograph(node.root, *CHANGED_BY_US) for node in lab.nodes}
    boots = {node.name: containerd_boots(node) for node in lab.nodes}
    bystanders = {node.name: lab.bystander(node) for node in lab.nodes}
    lab.declare("wasmtest", "crun")

    for node in lab.nodes:
        lab.ask(node, "wasmtest,crun")
    for node in lab.nodes:
        lab.wait_provisioned(node)

    for node in lab.nodes:
        assert labels(lab.cluster, node)["runtime.wasmwright.dev/wasmtest"] == "ready"
        assert labels(lab.cluster, node)["runtime.wasmwright.dev/crun"] == "ready"
        for runtime in ("wasmtest", "crun"):
            assert "hello from wasm" in lab.run_hello(node, runtime)
        assert containerd_boots(node) == boots[node.name] + 1, "two runtimes, one restart"
        assert lab.pod_identity(bystanders[node.name]) == bystanders[node.name].identity

    lab.kubectl("wait", "--for=condition=Ready", "wrt/wasmtest", "wrt/crun", "--timeout=20s")
    for node in lab.nodes:
        lab.ask(node, None)
    for node in lab.nodes:
        lab.wait_given_back(node)
        assert photograph(node.root, *CHANGED_BY_US) == before[node.name]
        assert containerd_boots(node) == boots[node.name] + 2, "giving back costs the other one"
        assert lab.pod_identity(bystanders[node.name]) == bystanders[node.name].identity


def test_scenario_4__machine_that_joins_later__is_served_and_runs_wasm(lab: Lab) -> None:
    first, late = lab.nodes
    with leaving(lab, late):
        lab.declare("crun", placement={"nodeSelector": {}})
        lab.wait_provisioned(first)
        generation = get(lab.cluster, "wrt", "crun")["metadata"]["generation"]

    lab.wait_provisioned(late)
    assert "hello from wasm" in lab.run_hello(late, "crun")
    assert get(lab.cluster, "wrt", "crun")["metadata"]["generation"] == generation


@contextmanager
def leaving(lab: Lab, node: Node) -> Iterator[None]:
    """Have a machine be no part of the cluster, and join it anew after the block."""
    node.exec("systemctl", "stop", "kubelet")
    lab.kubectl("delete", "node", node.name)
    try:
        yield
    finally:
        node.exec("systemctl", "start", "kubelet")
        eventually(lambda: get(lab.cluster, "node", node.name), until=bool, within=60)


def test_runtime_class__before_any_node_is_ready__does_not_exist_and_then_selects_ready_nodes(
    lab: Lab,
) -> None:
    lab.declare("crun")
    lab.kubectl("wait", "--for=condition=Accepted", "wrt/crun", "--timeout=20s")
    assert get(lab.cluster, "runtimeclass", "crun") == {}

    lab.ask(lab.nodes[0], "crun")
    lab.wait_provisioned(lab.nodes[0])

    found = eventually(
        lambda: get(lab.cluster, "runtimeclass", "crun"), until=lambda c: c, within=10
    )
    assert found["handler"] == "crun"
    assert found["scheduling"]["nodeSelector"] == {"runtime.wasmwright.dev/crun": "ready"}


def test_kwasm_annotation__asks_for_the_compatibility_set(lab: Lab) -> None:
    node = lab.nodes[0]
    lab.declare("wasmtest")

    lab.kubectl("annotate", "node", node.name, "kwasm.sh/kwasm-node=true")
    lab.wait_provisioned(node)

    assert labels(lab.cluster, node)["kwasm.sh/kwasm-provisioned"] == node.name
    assert "hello from wasm" in lab.run_hello(node, "wasmtest")
    lab.kubectl("annotate", "node", node.name, "kwasm.sh/kwasm-node-")
    lab.wait_given_back(node)
    assert "kwasm.sh/kwasm-provisioned" not in labels(lab.cluster, node)


def test_node_selector__places_the_runtime_on_labelled_nodes_only(lab: Lab) -> None:
    chosen, other = lab.nodes[:2]
    lab.declare("crun", placement={"nodeSelector": {"matchLabels": {"pool": "wasm"}}})

    lab.kubectl("label", "node", chosen.name, "pool=wasm")
    lab.wait_provisioned(chosen)

    assert get(lab.cluster, "wn", other.name) == {}
    lab.kubectl("label", "node", chosen.name, "pool-")
    lab.wait_given_back(chosen)


@pytest.fixture
def starting(lab: Lab) -> Iterator[Node]:
    """A node as it is born in pools whose pods need wasm."""
    node = lab.nodes[0]
    lab.kubectl("taint", "node", node.name, f"{STARTUP}:NoSchedule")
    yield node
    if STARTUP in _taints(lab, node):
        lab.kubectl("taint", "node", node.name, f"{STARTUP}-")


def test_scenario_7__startup_taint__outlasts_a_failed_run__and_goes_after_the_proof(
    lab: Lab, starting: Node
) -> None:
    placement = {"startupTaints": [{"key": STARTUP}]}
    lab.declare("wasmtest", sha256="0" * 64, placement=placement)
    lab.ask(starting, "wasmtest")
    eventually(
        lambda: get(lab.cluster, "wn", starting.name).get("status", {}).get("lastError"),
        until=bool,
        within=60,
    )
    assert STARTUP in _taints(lab, starting)

    lab.declare("wasmtest", placement=placement)
    eventually(lambda: STARTUP in _taints(lab, starting), until=lambda held: not held, within=60)

    proven = get(lab.cluster, "wn", starting.name)["status"]["runtimes"]
    assert [item["state"] for item in proven] == ["ready"]
    assert "hello from wasm" in lab.run_hello(starting, "wasmtest"), "it tolerates no taint"


def _taints(lab: Lab, node: Node) -> set[str]:
    spec = get(lab.cluster, "node", node.name)["spec"]
    return {taint["key"] for taint in spec.get("taints", [])}
