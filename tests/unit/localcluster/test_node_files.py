import json

import pytest

from localcluster import flavours, node_files
from localcluster.addresses import Addresses
from localcluster.node_files import NodeIdentity

CLUSTER = Addresses(4)


def rendered(flavour: flavours.Flavour) -> dict[str, str]:
    node = NodeIdentity(
        name="a-node2",
        flavour=flavour,
        addresses=CLUSTER.node(2),
        machine_id="0123",
        authority="CA",
        kubelet_kubeconfig="KUBELET",
        proxy_kubeconfig="PROXY",
    )
    return node_files.render(node, CLUSTER)


@pytest.fixture
def files() -> dict[str, str]:
    return rendered(flavours.CONTAINERD_2_4)


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


@pytest.mark.parametrize("flavour", flavours.FLAVOURS, ids=lambda flavour: flavour.name)
def test_links__every_enabled_unit__is_one_that_render_writes(flavour: flavours.Flavour) -> None:
    links = node_files.links(flavour).values()
    targets = {target for target in links if target.endswith(".service")}
    written = {f"../{path.rpartition('/')[2]}" for path in rendered(flavour)}
    units = {name for name in written if name.endswith(".service")}
    assert targets == units


@pytest.mark.parametrize("flavour", flavours.LAYOUTS, ids=lambda flavour: flavour.name)
def test_render__layout__has_nothing_of_debians_containerd(flavour: flavours.Flavour) -> None:
    assert "/etc/containerd/config.toml" not in rendered(flavour)
    masked = node_files.links(flavour)
    assert masked["/etc/systemd/system/containerd.service"] == "/dev/null"


@pytest.mark.parametrize("flavour", flavours.LAYOUTS, ids=lambda flavour: flavour.name)
def test_render__layout__kubelet_is_led_to_its_socket(flavour: flavours.Flavour) -> None:
    files = rendered(flavour)
    assert flavour.layout is not None
    settings = json.loads(files[flavour.layout.kubelet_config])
    assert settings["containerRuntimeEndpoint"] == f"unix://{flavour.layout.socket}"
    units = [text for path, text in files.items() if path.endswith(".service")]
    assert any("--hostname-override=a-node2" in unit for unit in units)
