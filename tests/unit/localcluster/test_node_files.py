import json

import pytest

from localcluster import flavours, node_files
from localcluster.addresses import Addresses
from localcluster.node_files import NodeIdentity

CLUSTER = Addresses(4)


@pytest.fixture
def files() -> dict[str, str]:
    node = NodeIdentity(
        name="a-node2",
        flavour=flavours.CONTAINERD_2_4,
        addresses=CLUSTER.node(2),
        machine_id="0123",
        authority="CA",
        kubelet_kubeconfig="KUBELET",
        proxy_kubeconfig="PROXY",
    )
    return node_files.render(node, CLUSTER)


def test_render__containerd__has_the_flavours_configuration(files: dict[str, str]) -> None:
    assert files["/etc/containerd/config.toml"] == flavours.CONTAINERD_2_4.config


def test_render__pod_network__has_the_nodes_range_and_hides_no_addresses(
    files: dict[str, str],
) -> None:
    bridge = json.loads(files["/etc/cni/net.d/10-pods.conflist"])["plugins"][0]
    assert bridge["ipam"]["ranges"] == [[{"subnet": "10.164.2.0/24"}]]
    assert bridge["ipMasq"] is False


def test_render__kubelet__is_called_by_its_node_and_asks_the_api_server_first(
    files: dict[str, str],
) -> None:
    unit = files["/etc/systemd/system/kubelet.service"]
    assert "--hostname-override=a-node2" in unit
    assert "--node-ip=10.89.4.12" in unit
    assert "/dev/tcp/10.89.4.1/6443" in unit


def test_render__kubelet_configuration__leaves_every_period_as_the_kubelet_has_it(
    files: dict[str, str],
) -> None:
    settings = json.loads(files["/etc/kubernetes/kubelet.json"])
    assert not [name for name in settings if name.endswith(("Frequency", "Period", "Duration"))]


def test_render__kube_proxy__leaves_the_hosts_connection_tracking_alone(
    files: dict[str, str],
) -> None:
    conntrack = json.loads(files["/etc/kubernetes/kube-proxy.json"])["conntrack"]
    assert conntrack == {
        "maxPerCore": 0,
        "tcpCloseWaitTimeout": "0s",
        "tcpEstablishedTimeout": "0s",
    }


def test_links__every_enabled_unit__is_one_that_render_writes(files: dict[str, str]) -> None:
    targets = [target for target in node_files.links().values() if target != "/dev/null"]
    units = {f"../{path.rpartition('/')[2]}" for path in files if path.endswith(".service")}
    assert set(targets) == units
