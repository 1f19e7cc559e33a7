"""A node as KWasm left it, with a pod of its crun: taken over under the running pod."""

import json
from collections.abc import Iterator

import pytest

from localcluster import Node
from support import installer_pod
from support.kube_view import containerd_boots
from support.lab import Lab
from support.node_files import photograph
from support.predecessors import MAIN, leave_kwasm
from unit.installer.documents import crun, document
from wasmwright_installer.contract import NodeDocument, PredecessorName
from workloads import runtimes

pytestmark = pytest.mark.e2e

TAKEN = document(crun()).model_copy(update={"take_over": (PredecessorName.KWASM,)})


@pytest.fixture(params=[0, 1], ids=["containerd-1.7", "containerd-2.4"])
def node(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Node]:
    """A node with KWasm's directory, tables, links and marker, and RuntimeClass crun."""
    chosen = lab.nodes[request.param]
    main = chosen.root / MAIN
    found = main.read_bytes()
    leave_kwasm(chosen)
    manifest = {
        "apiVersion": "node.k8s.io/v1",
        "kind": "RuntimeClass",
        "metadata": {"name": runtimes.CRUN},
        "handler": runtimes.CRUN,
    }
    lab.cluster.kubectl("apply", "-f", "-", input=json.dumps(manifest))
    yield chosen
    lab.kubectl("delete", "pods", "--all", "--timeout=60s")
    lab.kubectl("delete", "runtimeclass", runtimes.CRUN)
    installer_pod.apply(lab.cluster, chosen, NodeDocument(take_over=(PredecessorName.KWASM,)))
    assert main.read_bytes() == found


def test_takeover__pod_of_kwasms_crun_runs__it_goes_on_and_nothing_of_kwasm_is_left(
    lab: Lab, node: Node
) -> None:
    before = photograph(node.root, "/etc/containerd")
    old = lab.run_loop(node, runtimes.CRUN)
    bystander = lab.bystander(node)
    (left,) = installer_pod.status(lab.cluster, node).leftovers
    assert len(left.handlers) == 7
    assert any(old.name in user for user in left.in_use)
    assert photograph(node.root, "/etc/containerd") == before
    boots = containerd_boots(node)

    result = installer_pod.apply(lab.cluster, node, TAKEN)

    assert (result.reason, result.restarted) == ("Ready", True), result
    assert containerd_boots(node) == boots + 1
    assert set(result.handlers) == {"runc", "crun"}
    assert old.name in result.warnings[-1], "its binary stays until it ends"
    assert b"kwasm" not in (node.root / MAIN).read_bytes()
    assert "hello from wasm" in lab.run_hello(node, runtimes.CRUN)
    assert lab.pod_identity(old) == old.identity
    assert lab.pod_identity(bystander) == bystander.identity
    assert lab.still_ticks(old)

    lab.delete_pod(old)
    again = installer_pod.apply(lab.cluster, node, TAKEN)

    assert (again.restarted, again.warnings) == (False, ())
    assert not (node.root / "opt/kwasm").exists()
    assert not (node.root / "usr/bin/containerd-shim-wasmtime-v1").is_symlink()
    assert installer_pod.status(lab.cluster, node).leftovers == ()
