"""Distributions by their layout: containerd and kubelet run where they have them, on real nodes.

No product is installed. A script does at each start what the product does by its documentation:
render a template, import a directory, watch one.
"""

from collections.abc import Iterator

import pytest

from localcluster import Cluster, Node
from localcluster.flavours import LAYOUTS
from localcluster.pytest_plugin import session_cluster
from support.kube_view import get, labels
from support.lab import Lab, open_lab
from support.node_files import photograph
from support.waiting import eventually

pytestmark = pytest.mark.e2e

NAMES = tuple(flavour.name for flavour in LAYOUTS)
CHANGED_BY_US = (
    "/etc",
    "/opt",
    "/var/lib/rancher/k3s/agent/etc",
    "/var/lib/rancher/rke2/agent/etc",
    "/var/snap/microk8s/1/args",
)
MICROK8S_HOME = "var/snap/microk8s/common/wasmwright"
WRITTEN = {
    "k3s-layout": "var/lib/rancher/k3s/agent/etc/containerd/config.toml.tmpl",
    "rke2-layout": "var/lib/rancher/rke2/agent/etc/containerd/config-v3.toml.d/wasmwright.toml",
    "k0s-layout": "etc/k0s/containerd.d/wasmwright.toml",
    "microk8s-layout": "var/snap/microk8s/1/args/containerd-template.toml",
}


@pytest.fixture(scope="session")
def layout_cluster() -> Iterator[Cluster]:
    yield from session_cluster("layouts", NAMES)


@pytest.fixture(scope="session")
def shared_layouts(layout_cluster: Cluster) -> Iterator[Lab]:
    with open_lab(layout_cluster) as opened:
        yield opened


@pytest.fixture
def layouts(shared_layouts: Lab) -> Iterator[Lab]:
    yield shared_layouts
    shared_layouts.clean()


def test_layouts__runtime_comes_and_goes__wasm_runs_and_every_byte_is_as_before(
    layouts: Lab,
) -> None:
    before = {node.name: photograph(node.root, *CHANGED_BY_US) for node in layouts.nodes}
    boots = {node.name: _boots(node) for node in layouts.nodes}
    bystanders = {node.name: layouts.bystander(node) for node in layouts.nodes}
    layouts.declare("wasmtest")

    for node in layouts.nodes:
        layouts.ask(node, "wasmtest")
    for node in layouts.nodes:
        layouts.wait_provisioned(node)

    for node in layouts.nodes:
        assert b"containerd.runtimes.wasmtest]" in (node.root / WRITTEN[node.flavour]).read_bytes()
        assert "hello from wasm" in layouts.run_hello(node, "wasmtest")
        assert _boots(node) == boots[node.name] + 1
        identity = bystanders[node.name].identity
        assert layouts.pod_identity(bystanders[node.name]) == identity, node.flavour

    for node in layouts.nodes:
        layouts.ask(node, None)
    for node in layouts.nodes:
        eventually(lambda n=node: get(layouts.cluster, "wn", n.name), until=_is_gone, within=90)
        assert photograph(node.root, *CHANGED_BY_US) == before[node.name], node.flavour
        assert not (node.root / MICROK8S_HOME).exists()
        assert _boots(node) == boots[node.name] + 2
        identity = bystanders[node.name].identity
        assert layouts.pod_identity(bystanders[node.name]) == identity, node.flavour


def test_k3s_layout__handler_that_it_detected_by_itself__is_a_conflict_with_its_line(
    layouts: Lab,
) -> None:
    node = next(node for node in layouts.nodes if node.flavour == "k3s-layout")
    before = photograph(node.root, *CHANGED_BY_US)
    layouts.declare("crun")

    layouts.ask(node, "crun")
    seen = eventually(
        lambda: get(layouts.cluster, "wn", node.name),
        until=lambda wn: wn.get("status", {}).get("lastError"),
        within=60,
    )

    error = seen["status"]["lastError"]
    assert error["reason"] == "ForeignHandler"
    assert "agent/etc/containerd/config.toml:" in error["message"]
    assert photograph(node.root, *CHANGED_BY_US) == before
    assert "runtime.wasmwright.dev/crun" not in {
        key for key, value in labels(layouts.cluster, node).items() if value == "ready"
    }


def _is_gone(thing: dict[str, object]) -> bool:
    return not thing


def _boots(node: Node) -> int:
    """Return how often containerd has started, under whichever unit."""
    journal = node.exec("journalctl", "--output=cat", "--no-pager")
    return journal.count("containerd successfully booted")
