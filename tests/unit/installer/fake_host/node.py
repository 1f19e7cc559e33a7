"""A host in a directory: its files are real, what runs on it is played."""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

from typing_extensions import override

from unit.installer.fake_host.commands import PlayedCommands
from unit.installer.fake_host.containerd import SOCKET, Containerd
from unit.installer.fake_host.files import CountingFiles
from unit.installer.fake_host.processes import DAEMON_PID, KUBELET_PID
from wasmwright_installer.apply.host import Host, Limits, home_of
from wasmwright_installer.detect.handlers import Loaded
from wasmwright_installer.host.cri import CRI

IMPATIENT = Limits(lock=0.2, answer=1, restart=1, settle=0.05, command=1, step=0.001)


class PlayedCRI(CRI):
    def __init__(self, daemon: Containerd) -> None:
        self._daemon = daemon

    @override
    def loaded(self, timeout: float) -> Loaded:
        self._daemon.notice()
        return self._daemon.status()

    @override
    def answers(self, timeout: float) -> bool:
        return self._daemon.is_up

    @override
    def tasks(self, timeout: float) -> frozenset[str]:
        return self._daemon.tasks


@dataclass
class FakeNode:
    """A node with a container runtime and a kubelet."""

    root: Path
    files: CountingFiles
    daemon: Containerd
    commands: PlayedCommands
    limits: Limits = IMPATIENT

    @property
    def host(self) -> Host:
        limits = replace(self.limits, settle=max(self.limits.settle, self.daemon.needs))
        home = home_of(self.files)
        return Host(self.files, self.commands, lambda _: PlayedCRI(self.daemon), limits, home)

    def put(self, path: str, content: bytes = b"", *, mode: int = 0o644) -> None:
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        place.chmod(mode)

    def link(self, path: str, target: str) -> None:
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(target)

    def add_process(self, pid: int, executable: str, *arguments: str, cgroup: str = "") -> None:
        self.put(f"/proc/{pid}/comm", f"{executable.rpartition('/')[2]}\n".encode())
        command = "".join(f"{argument}\0" for argument in (executable, *arguments))
        self.put(f"/proc/{pid}/cmdline", command.encode())
        self.put(f"/proc/{pid}/cgroup", cgroup.encode())
        self.link(f"/proc/{pid}/exe", executable)
        self.link(f"/proc/{pid}/cwd", "/")

    def add_socket(self, socket: str) -> None:
        """The daemon listens where the kubelet looks for it."""
        self.link(f"/proc/{DAEMON_PID}/fd/7", "socket:[4711]")
        columns = "Num RefCount Protocol Flags Type St Inode Path\n"
        listening = f"0000: 00000002 00000000 00010000 0001 01 4711 {socket}\n"
        self.put(f"/proc/{KUBELET_PID}/net/unix", f"{columns}{listening}".encode())

    def add_pod(
        self, sandbox: str, shim: str, pod: str, *, runtime: str = "", alive: bool = True
    ) -> str:
        """A pod's bundle, old enough not to be one that is only being made."""
        bundle = f"/run/containerd/io.containerd.runtime.v2.task/k8s.io/{sandbox}"
        namespace, name = pod.split("/")
        annotations = {
            "io.kubernetes.cri.sandbox-id": sandbox,
            "io.kubernetes.cri.sandbox-namespace": namespace,
            "io.kubernetes.cri.sandbox-name": name,
        }
        self.put(f"{bundle}/config.json", json.dumps({"annotations": annotations}).encode())
        self.put(f"{bundle}/shim-binary-path", shim.encode())
        if runtime:
            self.put(f"{bundle}/runtime", runtime.encode())
        if alive:
            arguments = ("-namespace", "k8s.io", "-id", sandbox, "-address", SOCKET)
            self.add_process(700 + len(sandbox), shim, *arguments)
        os.utime(self.root / bundle.lstrip("/"), (1, 1))
        return bundle

    def tree(self) -> dict[str, str]:
        """Every file below /etc, /opt and /var with its bytes, mode and link target."""
        found: dict[str, str] = {}
        for top in ("etc", "opt", "var"):
            for place in sorted((self.root / top).rglob("*")):
                name = f"/{place.relative_to(self.root)}"
                if place.is_symlink():
                    found[name] = f"-> {place.readlink()}"
                elif place.is_dir():
                    found[name] = "directory"
                else:
                    mode = place.stat().st_mode & 0o7777
                    found[name] = f"{mode:o} {place.read_bytes()!r}"
        return found

    def read(self, path: str) -> bytes:
        return (self.root / path.lstrip("/")).read_bytes()
