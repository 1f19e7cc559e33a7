"""Make nodes and API what KWasm and runtime-class-manager leave, with binaries that run."""

import hashlib
import json
import shutil
from pathlib import Path

import yaml

from localcluster import Cluster, Node, binaries, commands
from support import shims
from unit.installer import predecessors as texts
from unit.installer.mains import G, R
from workloads import images, real_shim

MAIN = "etc/containerd/config.toml"


def leave_kwasm(node: Node) -> None:
    """Put KWasm's directory, tables, links and marker on a node; its crun is the node's own."""
    theirs = node.root / "opt/kwasm"
    (theirs / "bin").mkdir(parents=True)
    shutil.copy2(node.root / "usr/bin/crun", theirs / "bin/crun")
    (theirs / "active").touch()
    (node.root / "usr/bin/containerd-shim-wasmtime-v1").symlink_to(
        "/opt/kwasm/bin/containerd-shim-wasmtime-v1"
    )
    _append(node, texts.KWASM)


def leave_rcm(node: Node, name: str) -> None:
    """Put runtime-class-manager's directory, lock file and stanza for one Shim on a node."""
    binary = node.root / f"opt/rcm/bin/containerd-shim-{name}"
    binary.parent.mkdir(parents=True)
    shutil.copy2(real_shim.ensure(), binary)
    digest = hashlib.sha256(binary.read_bytes()).hexdigest()
    entry = {"sha256": digest, "path": f"/opt/rcm/bin/{binary.name}"}
    lock = json.dumps({"shims": {name: entry}})
    (node.root / "opt/rcm/rcm-lock.json").write_text(lock)
    _append(node, texts.rcm(name))


def _append(node: Node, tables: str) -> None:
    main = node.root / MAIN
    before = main.read_bytes()
    is_newer = b"io.containerd.cri.v1.runtime" in before
    main.write_bytes(before + (tables.replace(G, R) if is_newer else tables).encode())
    node.exec("systemctl", "restart", "containerd")


def install_operator(cluster: Cluster, release: str, name: str, folder: Path) -> None:
    """Install, with Helm, a stand-in for an operator that does nothing any more.

    Args:
        cluster: where.
        release: the release's name.
        name: that of the operator's Deployment.
        folder: where its chart is written.
    """
    (folder / "templates").mkdir(parents=True)
    chart = {"apiVersion": "v2", "name": name, "version": "0.1.0"}
    (folder / "Chart.yaml").write_text(yaml.safe_dump(chart))
    (folder / "templates/deployment.yaml").write_text(yaml.safe_dump(_deployment(name)))
    namespace = release.removesuffix("-operator")
    commands.run(
        str(binaries.ensure("helm")),
        *("install", release, str(folder), "--namespace", namespace, "--create-namespace"),
        *("--kubeconfig", str(cluster.kubeconfig)),
    )


def _deployment(name: str) -> shims.Manifest:
    labels = {"app.kubernetes.io/name": name}
    container = {"name": "main", "image": images.BYSTANDER, "imagePullPolicy": "IfNotPresent"}
    pod = {"terminationGracePeriodSeconds": 1, "containers": [container]}
    template = {"metadata": {"labels": labels}, "spec": pod}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }
