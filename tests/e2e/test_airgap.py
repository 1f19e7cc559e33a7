"""Nodes without a way out: a registry inside has what outside names stand for."""

import json
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from demo import chart
from imagebuild import build
from imagebuild.recipe import Part
from integration.installer.registry import PASSWORD, USER, Pusher, Registry, Yard
from localcluster import Node, oci
from localcluster.pki import Authority
from support import tls_server
from support.kube_view import get
from support.lab import Install, Lab
from support.waiting import eventually
from workloads import light_shim

pytestmark = pytest.mark.e2e

OUTSIDE = "registry.example.com"
NAME = f"{OUTSIDE}/wasm/light:1"
SCRIPT = Path(__file__).parents[2] / "scripts/airgap.py"
ENTRY = {
    "schemaVersion": 1,
    "id": "wasmtest",
    "title": "Test",
    "summary": "The light shim",
    "homepage": "https://artifacts.example.com/light",
    "license": "Apache-2.0",
    "status": "Current",
    "type": "ContainerdShim",
    "handler": "wasmtest",
    "runtimeClasses": ["wasmtest"],
    "architectures": ["amd64"],
    "containerRuntimes": {"containerd": "1.6"},
    "podsSurviveRestart": True,
    "images": ["LinuxImage"],
    "mixedPods": {"supported": False, "exec": False, "tty": False},
}


@dataclass(frozen=True)
class Mirror:
    """A registry with TLS and users, on an address that nodes reach."""

    registry: Registry
    signer: Authority

    def push(
        self, archive: Path, name: str, repository: str, tag: str = "", *, mark: str = ""
    ) -> str:
        """Push an image of an archive; return its digest."""
        with closing(Pusher(self.registry, self.signer, repository)) as pusher:
            return pusher.archive(archive, name, tag, mark=mark).partition("@")[2]

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


def test_release__with_every_name_replaced_by_the_mirrors__installs_and_serves(
    lab: Lab, mirror: Mirror, install: Install, tmp_path: Path
) -> None:
    node = lab.nodes[1]
    inside = f"{mirror.registry.host}/inside"
    _push_release(mirror)
    mirror.serve(node, mirror.registry.host)
    _log_in(lab, "inside", mirror.registry.host)
    values = _values(lab, tmp_path, inside)
    values["operator"]["nodeSelector"] = {"kubernetes.io/hostname": node.name}
    install(**values, imagePullSecrets=["inside"])
    lab.ask(node, "wasmtest")
    lab.wait_provisioned(node)
    assert "hello from wasm" in lab.run_hello(node, "wasmtest")
    asked = mirror.registry.requests()
    assert "GET /v2/inside/wasmwright/operator/manifests/" in asked
    assert "GET /v2/inside/wasmwright/installer/manifests/" in asked


def _push_release(mirror: Mirror) -> None:
    """Mirror the chart's images under the names and tags that a release has.

    They are marked, so that they are not those that the nodes hold: a kubelet that has pulled an
    image with credentials lets no pod without them have it, by whatever name.
    """
    ours = build.ensure()
    assert ours.archive is not None
    version = yaml.safe_load((chart.CHART / "Chart.yaml").read_text())["appVersion"]
    for part in Part:
        name = f"{ours.names.repository(part)}:{ours.names.tag}"
        mirror.push(ours.archive, name, f"inside/wasmwright/{part.value}", version, mark="inside")


def _values(lab: Lab, tmp_path: Path, inside: str) -> dict[str, Any]:
    """Return what the script makes of a catalogue whose download nobody reaches."""
    light = replace(light_shim.artifact(), file_name="artifacts.example.com/light.tar.gz")
    server = lab.artifacts.publish(light).removesuffix(f"/{light.file_name}")
    url = f"https://{light.file_name}"
    download = {"arch": "amd64", "url": url, "sha256": light.sha256, "path": light.member}
    release = {"version": "1", "source": {"http": {"platforms": [download]}}}
    (tmp_path / "wasmtest.yaml").write_text(json.dumps({**ENTRY, "releases": [release]}))
    where = ["--catalogue", str(tmp_path), "--registry", inside, "--files", server]
    told = subprocess.run(
        [sys.executable, str(SCRIPT), *where, "--values"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "https://" not in told.stdout
    values: dict[str, Any] = yaml.safe_load(told.stdout)
    return values
