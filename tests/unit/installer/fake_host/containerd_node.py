"""Nodes with containerd, kubelet and crun, and copies of them."""

import copy
import shutil
from dataclasses import replace
from pathlib import Path

from unit.installer.fake_host.commands import PlayedCommands
from unit.installer.fake_host.containerd import MAIN, SOCKET, Containerd
from unit.installer.fake_host.files import CountingFiles
from unit.installer.fake_host.node import FakeNode
from unit.installer.fake_host.processes import DAEMON_PID, KUBELET_PID, played_start
from unit.installer.programs import elf

MAIN_V2 = b"""version = 2
# the node's own settings
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = true
"""
MAIN_V3 = MAIN_V2.replace(b"version = 2", b"version = 3").replace(
    b"io.containerd.grpc.v1.cri", b"io.containerd.cri.v1.runtime"
)


def copy_of(node: FakeNode, root: Path) -> FakeNode:
    """Return an independent copy of a node with what its daemon has loaded."""
    shutil.copytree(node.root, root, symlinks=True)
    files = CountingFiles(root)
    loaded = copy.deepcopy(node.daemon.loaded)
    daemon = replace(node.daemon, files=files, loaded=loaded, restarts=0)
    return FakeNode(root, files, daemon, PlayedCommands(daemon, files))


def make_node(root: Path, version: str, main: bytes | None, **others: bytes) -> FakeNode:
    """Return a node whose containerd of this version runs with these files.

    Args:
        root: an empty directory.
        version: of containerd.
        main: its main file; None = there is none.
        others: more files below /etc/containerd, named by what stands for `/` and `.`.
    """
    files = CountingFiles(root)
    daemon = Containerd(files, version)
    node = FakeNode(root, files, daemon, PlayedCommands(daemon, files))
    (root / "opt").mkdir(parents=True)
    (root / "etc").mkdir()
    node.put("/etc/os-release", b'ID=debian\nVERSION_ID="13"\n')
    node.put("/etc/machine-id", b"0123456789abcdef0123456789abcdef\n")
    for program in ("/usr/bin/containerd", "/usr/bin/crun", "/bin/sh"):
        node.put(program, elf(), mode=0o755)
    if main is not None:
        node.put(MAIN, main)
    for name, content in others.items():
        node.put(f"/etc/containerd/{name.replace('__', '/').replace('_toml', '.toml')}", content)
    node.add_process(1, "/usr/lib/systemd/systemd")
    service = "0::/system.slice/containerd.service\n"
    node.add_process(DAEMON_PID, "/usr/bin/containerd", cgroup=service)
    node.add_process(
        KUBELET_PID, "/usr/local/bin/kubelet", f"--container-runtime-endpoint=unix://{SOCKET}"
    )
    node.add_socket(SOCKET)
    played_start(root, 0)
    daemon.loaded = daemon.handlers(MAIN, must_exist=False)
    return node
