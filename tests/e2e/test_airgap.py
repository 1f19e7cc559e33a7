"""Nodes without a way out: a registry inside has what outside names stand for."""

import json
import platform
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo import chart
from integration.installer.registry import PASSWORD, USER, Pusher, Registry, Yard
from localcluster import Node, oci
from localcluster.pki import Authority
from support import tls_server
from support.kube_view import get
from support.lab import Lab
from support.waiting import eventually
from workloads import light_shim

pytestmark = pytest.mark.e2e

OUTSIDE = "registry.example.com"
NAME = f"{OUTSIDE}/wasm/light:1"


@dataclass(frozen=True)
class Mirror:
    """A registry with TLS and users, on an address that nodes reach."""

    registry: Registry
    signer: Authority

    def push(self, archive: Path, name: str, repository: str, tag: str = "") -> str:
        """Push an image of an archive; return its digest."""
        with closing(Pusher(self.registry, self.signer, repository)) as pusher:
            return pusher.archive(archive, name, tag).partition("@")[2]

    def serve(self, node: Node, name: str) -> None:
        """Do what an administrator does: have a node ask here for what a registry has."""
        folder = f"etc/containerd/certs.d/{name}"
        (node.root / folder).mkdir(parents=True)
        (node.root / folder / "ca.crt").write_bytes(self.signer.pem)
        (node.root / folder / "hosts.toml").write_text(
            f'server = "https://{name}"\n[host."https://{self.registry.host}"]\n'
            f'capabilities = ["pull", "resolve"]\nca = "/{folder}/ca.crt"\n'
        )


@pytest.fixture(scope="module")
def mirror(shared_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    signer = tls_server.authority()
    with Yard(tmp_path_factory.mktemp("yard"), signer) as yard:
        yield Mirror(yard.with_users(shared_lab.cluster.host_address), signer)


def _preload(node: Node, archive: Path, digest: str) -> None:
    ctr = ("ctr", "--address", node.socket, "--namespace", "k8s.io", "images")
    node.feed(archive, *ctr, "import", "-")
    node.exec(*ctr, "tag", NAME, f"{OUTSIDE}/wasm/light@{digest}")


def _log_in(lab: Lab, secret: str, registry: str) -> None:
    auths = {"auths": {registry: {"username": USER, "password": PASSWORD}}}
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": secret, "namespace": chart.NAMESPACE},
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": json.dumps(auths)},
    }
    lab.cluster.kubectl("apply", "-f", "-", input=json.dumps(manifest))


def test_image_source__of_a_registry_out_of_reach__comes_by_mirror_or_is_there(
    lab: Lab, mirror: Mirror, tmp_path: Path
) -> None:
    preloaded, mirrored = lab.nodes
    archive, path = tmp_path / "image.tar", f"/{light_shim.BINARY}"
    files = {path: light_shim.SCRIPT.read_bytes()}
    oci.write(archive, NAME, files, entrypoint=(path,), machine=platform.machine())
    digest = mirror.push(archive, NAME, "wasm/light")
    _preload(preloaded, archive, digest)
    mirror.serve(mirrored, OUTSIDE)
    _log_in(lab, "outside", OUTSIDE)
    ref = f"{OUTSIDE}/wasm/light@{digest}"
    image = {"ref": ref, "path": "/not-there", "pullSecrets": ["outside"]}
    lab.declare("wasmtest", source={"image": image})
    lab.ask(mirrored, "wasmtest")
    found = eventually(
        lambda: get(lab.cluster, "wn", mirrored.name).get("status", {}).get("lastError"),
        until=bool,
        within=60,
    )
    assert found["reason"] == "ImageFileMissing"
    assert "'/not-there': No such file or directory" in found["message"]

    lab.declare("wasmtest", source={"image": {**image, "path": path}})
    lab.ask(preloaded, "wasmtest")
    for node in lab.nodes:
        lab.wait_provisioned(node)
        assert "hello from wasm" in lab.run_hello(node, "wasmtest")
    assert f"/v2/wasm/light/manifests/{digest}" in mirror.registry.requests()
