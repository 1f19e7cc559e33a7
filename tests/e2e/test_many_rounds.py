"""A node that has been through it twenty times is the node that it was."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from localcluster import Node
from support.kube_view import containerd_boots
from support.lab import Lab
from support.node_files import photograph

pytestmark = pytest.mark.e2e

ROUNDS = (20, 5)
"""Where one file is changed in place, and where we have a file of our own that comes and goes."""
CHANGED_BY_US = ("/etc", "/opt")


def test_rounds_of_install_and_removal__with_a_pod_each__leave_every_byte_and_bystander(
    lab: Lab,
) -> None:
    before = {node.name: photograph(node.root, *CHANGED_BY_US) for node in lab.nodes}
    boots = {node.name: containerd_boots(node) for node in lab.nodes}
    bystanders = {node.name: lab.bystander(node) for node in lab.nodes}
    lab.declare("wasmtest")

    def rounds(node: Node, count: int) -> None:
        for number in range(1, count + 1):
            lab.ask(node, "wasmtest")
            lab.wait_provisioned(node)
            assert "hello from wasm" in lab.run_hello(node, "wasmtest"), f"round {number}"
            lab.ask(node, None)
            lab.wait_given_back(node)

    with ThreadPoolExecutor(len(lab.nodes)) as each_node:
        list(each_node.map(rounds, lab.nodes, ROUNDS))

    for node, count in zip(lab.nodes, ROUNDS, strict=True):
        assert photograph(node.root, *CHANGED_BY_US) == before[node.name]
        assert containerd_boots(node) == boots[node.name] + 2 * count
        assert lab.pod_identity(bystanders[node.name]) == bystanders[node.name].identity
