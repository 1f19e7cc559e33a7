"""What a cluster promises to those who use it, seen on the one that all tests share."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from localcluster import Cluster, Node, oci
from localcluster.addresses import API_SERVICE
from localcluster.errors import CommandError
from localcluster.flavours import PAUSE_IMAGE

pytestmark = pytest.mark.e2e

VERSIONS = {"containerd-1.7": "1.7.", "containerd-2.4": "v2.4."}


@pytest.fixture(scope="module")
def pods(cluster: Cluster) -> Iterator[dict[str, str]]:
    """A pod on each node, by node: the pod's address."""
    names = {node.name: f"probe-{node.name}" for node in cluster.nodes}
    for node, pod in names.items():
        cluster.kubectl(
            *("run", pod, f"--image={PAUSE_IMAGE}", "--image-pull-policy=Never"),
            f'--overrides={{"spec":{{"nodeName":"{node}"}}}}',
        )
    try:
        wanted = tuple(names.values())
        cluster.kubectl("wait", "--for=condition=Ready", "--timeout=60s", "pod", *wanted)
        yield {
            node: cluster.kubectl("get", "pod", pod, "--output=jsonpath={.status.podIP}")
            for node, pod in names.items()
        }
    finally:
        cluster.kubectl("delete", "pod", "--now", *names.values())


def connect_from_pod(node: Node, address: str, target: str, port: int) -> str:
    """Open a connection from the network of the pod with `address`; return what bash says."""
    script = (
        f"for pid in $(pgrep -x pause); do nsenter -t $pid -n ip -4 address | grep -q '{address}/'"
        f" && exec nsenter -t $pid -n timeout 5 bash -c '</dev/tcp/{target}/{port}' 2>&1; done"
    )
    return node.exec("bash", "-c", script, check=False)


@contextmanager
def listening(address: str, directory: Path) -> Iterator[int]:
    handler = partial(SimpleHTTPRequestHandler, directory=str(directory))
    with ThreadingHTTPServer((address, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def test_node__its_flavour__is_what_runs_on_it(cluster: Cluster) -> None:
    for node in cluster.nodes:
        assert f" {VERSIONS[node.flavour]}" in node.exec("containerd", "--version")


def test_node__systemd__has_no_failed_unit(cluster: Cluster) -> None:
    for node in cluster.nodes:
        failed = node.exec("systemctl", "list-units", "--failed", "--no-legend")
        state = node.exec("systemctl", "is-system-running", "--wait", check=False)
        assert (failed, state) == ("", "running\n")


def test_node__its_root__is_the_file_system_that_its_processes_see(cluster: Cluster) -> None:
    node = cluster.nodes[0]
    node.exec("tee", "/etc/probe", input="text")
    try:
        assert (node.root / "etc/probe").read_text() == "text"
        assert (node.root / "etc/hostname").read_text() == f"{node.name}\n"
    finally:
        node.exec("rm", "/etc/probe")


def test_node__program_that_fails__is_quoted(cluster: Cluster) -> None:
    with pytest.raises(CommandError, match=r"Unit nothing\.service could not be found"):
        cluster.nodes[0].exec("systemctl", "status", "nothing")


def test_node__crun__can_run_wasm(cluster: Cluster) -> None:
    for node in cluster.nodes:
        assert "+WASM:wasmedge" in node.exec("crun", "--version")


def test_kubectl__mistake__is_quoted(cluster: Cluster) -> None:
    with pytest.raises(CommandError, match='pods "nowhere" not found'):
        cluster.kubectl("get", "pod", "nowhere")


def test_pod__logs__can_be_read_through_the_api_server(
    cluster: Cluster, pods: dict[str, str]
) -> None:
    for node in pods:
        assert cluster.kubectl("logs", f"probe-{node}") == ""


def test_pod__its_network__reaches_the_host_the_service_and_the_other_node(
    cluster: Cluster, pods: dict[str, str], tmp_path: Path
) -> None:
    with listening(cluster.host_address, tmp_path) as port:
        for node in cluster.nodes:
            connect = partial(connect_from_pod, node, pods[node.name])
            (other,) = (address for name, address in pods.items() if name != node.name)
            assert connect(cluster.host_address, port) == ""
            assert connect(str(API_SERVICE), 443) == ""
            assert "Connection refused" in connect(other, 9)


def test_load__same_archive_twice__is_sent_once(cluster: Cluster, tmp_path: Path) -> None:
    archive = tmp_path / "image.tar"
    content = {"/a": time.time_ns().to_bytes(8)}
    oci.write(archive, "localhost/some:1", content, entrypoint=("/a",), machine="x86_64")
    first: list[str] = []
    cluster.load(archive, progress=first.append)
    again: list[str] = []
    cluster.load(archive, progress=again.append)
    changed: list[str] = []
    content = {"/a": time.time_ns().to_bytes(8)}
    oci.write(archive, "localhost/some:1", content, entrypoint=("/a",), machine="x86_64")
    cluster.load(archive, progress=changed.append)
    sent = [f"loading localhost/some:1 into {node.name}" for node in cluster.nodes]
    assert (sorted(first), again, sorted(changed)) == (sent, [], sent)


def test_up__healthy_cluster__changes_nothing(cluster: Cluster) -> None:
    processes = {node.name: node.root for node in cluster.nodes}
    sentences: list[str] = []
    again = Cluster.up(cluster.record.spec, sentences.append)
    assert sentences == [f"cluster {cluster.name} is up already"]
    assert {node.name: node.root for node in again.nodes} == processes


def test_attach__cluster_that_is_up__is_that_cluster(cluster: Cluster) -> None:
    assert Cluster.attach(cluster.name) == cluster


def test_clusters__side_by_side__see_their_own_nodes_only(
    cluster: Cluster, control_plane: Cluster
) -> None:
    listing = ("get", "nodes", "--output=name")
    assert control_plane.kubectl(*listing) == ""
    assert cluster.kubectl(*listing).split() == [f"node/{node.name}" for node in cluster.nodes]
    assert control_plane.host_address != cluster.host_address


def test_control_plane__without_nodes__takes_objects(control_plane: Cluster) -> None:
    control_plane.kubectl("create", "configmap", "probe", "--from-literal=a=b")
    try:
        value = control_plane.kubectl("get", "configmap", "probe", "--output=jsonpath={.data.a}")
        assert value == "b"
    finally:
        control_plane.kubectl("delete", "configmap", "probe")
