"""Nodes on which no run could do any good."""

import pytest

from unit.operator import given
from wasmwright_operator.fleet.fitness import flaw_of, has_handler_order_bug
from wasmwright_operator.records import NodeRecord, Taint


@pytest.mark.parametrize(
    ("node", "reason", "hint"),
    [
        (given.node(os="windows"), "UnsupportedOS", "windows"),
        (given.node(labels={"type": "virtual-kubelet"}), "VirtualNode", "type=virtual-kubelet"),
        (
            given.node(labels={"eks.amazonaws.com/compute-type": "fargate"}),
            "VirtualNode",
            "compute-type=fargate",
        ),
        (given.node(labels={"liqo.io/type": "virtual-node"}), "VirtualNode", "liqo.io/type"),
        (
            given.node(labels={"node.kubernetes.io/instance-type": "eklet"}),
            "VirtualNode",
            "instance-type=eklet",
        ),
        (
            given.node(labels={"node-role.kubernetes.io/virtual-node": ""}),
            "VirtualNode",
            "node-role.kubernetes.io/virtual-node",
        ),
        (
            given.node(taints=(Taint("virtual-kubelet.io/provider", "NoSchedule", "azure"),)),
            "VirtualNode",
            "taint virtual-kubelet.io/provider",
        ),
        (
            given.node(kubelet_version="v1.19.10-vk-azure-aci-1.4.8"),
            "VirtualNode",
            "v1.19.10-vk-azure-aci-1.4.8",
        ),
        (
            given.node(container_runtime="docker://27.0.1"),
            "UnsupportedContainerRuntime",
            "cri-dockerd",
        ),
        (given.node(container_runtime="remote://1"), "UnsupportedContainerRuntime", "remote://1"),
    ],
    ids=[
        "windows",
        "virtual-kubelet",
        "fargate",
        "liqo",
        "super-node",
        "oke",
        "taint",
        "aci-version",
        "docker",
        "unknown-runtime",
    ],
)
def test_flaw_of__node_that_no_run_can_change__says_what_it_is(
    node: NodeRecord, reason: str, hint: str
) -> None:
    flaw = flaw_of(node)

    assert flaw is not None
    assert flaw.reason == reason
    assert hint in flaw.message


@pytest.mark.parametrize(
    "node",
    [
        given.node(),
        given.node(labels={"type": "worker", "eks.amazonaws.com/compute-type": "ec2"}),
        given.node(kubelet_version="v1.36.3-eks-1a2b3c4", container_runtime="containerd://2.1.4"),
        given.node(container_runtime="cri-o://1.34.0"),
        given.node(container_runtime=""),
        given.node(taints=(Taint("dedicated", "NoSchedule"),)),
    ],
    ids=["plain", "ec2", "eks", "cri-o", "not-told-yet", "tainted"],
)
def test_flaw_of__ordinary_node__is_none(node: NodeRecord) -> None:
    assert flaw_of(node) is None


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("containerd://2.1.0", True),
        ("containerd://2.1.3", True),
        ("containerd://2.1.1-k3s1", True),
        ("containerd://2.1.0-rc.1", True),
        ("containerd://2.1.4", False),
        ("containerd://2.1.10", False),
        ("containerd://2.1.31", False),
        ("containerd://2.0.5", False),
        ("cri-o://2.1.0", False),
        ("", False),
    ],
)
def test_has_handler_order_bug(version: str, *, expected: bool) -> None:
    assert has_handler_order_bug(version) == expected
