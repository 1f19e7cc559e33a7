"""A host in a directory whose container runtime is the stand-in for CRI-O."""

import copy
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from typing_extensions import override

from support.crio_rules import MONITOR, ConfigError, CrioConfig, printed
from unit.installer.fake_host.commands import PlayedCommands
from unit.installer.fake_host.files import CountingFiles
from unit.installer.fake_host.node import FakeNode
from unit.installer.fake_host.processes import DAEMON_PID, KUBELET_PID
from unit.installer.programs import elf
from wasmwright_installer.config.tables import parse
from wasmwright_installer.detect.handlers import Loaded, loaded_from_crio
from wasmwright_installer.host.commands import Completed
from wasmwright_installer.host.cri import CRIUnavailableError

SOCKET = "/run/crio/crio.sock"
MAIN, FOLDER = "/etc/crio/crio.conf", "/etc/crio/crio.conf.d"
OWN = f"{FOLDER}/90-wasmwright.conf"
VERSION = "1.35.1"
PACKAGED = b"""[crio.image]
signature_policy = "/etc/crio/policy.json"
[crio.runtime]
default_runtime = "crun"
[crio.runtime.runtimes.crun]
runtime_path = "/usr/libexec/crio/crun"
runtime_root = "/run/crun"
monitor_path = "/usr/libexec/crio/conmon"
allowed_annotations = ["io.kubernetes.cri-o.Devices"]
[crio.runtime.runtimes.runc]
runtime_path = "/usr/libexec/crio/runc"
monitor_path = "/usr/libexec/crio/conmon"
"""
"""As the packages of CRI-O put it into the directory; there is no main file then."""

BINARIES = ("/usr/bin/crio", "/usr/bin/crun", "/usr/bin/containerd", MONITOR)
PACKAGED_BINARIES = tuple(f"/usr/libexec/crio/{name}" for name in ("crun", "runc", "conmon"))


@dataclass
class PlayedCrio:
    """The stand-in as a daemon under systemd."""

    files: CountingFiles
    version: str = VERSION
    executable = "/usr/bin/crio"
    unit = "crio.service"
    needs = 0.0
    config: CrioConfig = field(init=False)
    is_up: bool = True
    restarts: int = 0
    reloads: int = 0
    reload_reaches_pods: bool = False
    refuses: str = ""
    """A handler with which it does not start."""
    loses: str = ""
    """A handler that is gone once ours are declared."""
    network_ready: bool = True

    def __post_init__(self) -> None:
        self.config = CrioConfig(self.files.local, reload_reaches_pods=self.reload_reaches_pods)

    @property
    def loaded(self) -> dict[str, object]:
        """The handlers that pods get."""
        return self.config.pods

    def handlers(self) -> dict[str, object]:
        """What a start would load now.

        Raises:
            ConfigError: it would fail.
        """
        trial = CrioConfig(self.files.local)
        trial.start(MAIN, FOLDER)
        return trial.pods

    def notice(self) -> None:
        """Nobody but systemd has it load anything."""

    def restart(self) -> Completed:
        self.restarts += 1
        fresh = CrioConfig(self.files.local, reload_reaches_pods=self.reload_reaches_pods)
        try:
            fresh.start(MAIN, FOLDER)
        except ConfigError:
            self.is_up = False
        else:
            self.is_up = not self.refuses or self.refuses not in fresh.pods
        if not self.is_up:
            return Completed(1, stderr="Job for crio.service failed.\n")
        if len(fresh.pods) > 2:
            fresh.pods.pop(self.loses, None)
        self.config = fresh
        return Completed(0)

    @property
    def tasks(self) -> frozenset[str]:
        """What only containerd is asked."""
        raise CRIUnavailableError("unimplemented: unknown service containerd.services.tasks.v1")

    def reload(self) -> Completed:
        """`kill -HUP` succeeds whatever comes of it."""
        self.reloads += 1
        try:
            self.config.reload(MAIN, FOLDER)
        except ConfigError as error:
            self.config.log.append(str(error))
        return Completed(0)

    def status(self) -> Loaded:
        if not self.is_up:
            raise CRIUnavailableError("unavailable: connection refused")
        config = parse("/config", self.config.told().encode())
        return loaded_from_crio(config, runtime_ready=True, network_ready=self.network_ready)


class CrioCommands(PlayedCommands):
    """CRI-O's own executable, systemctl, and OCI runtimes."""

    @override
    def _run(self, arguments: tuple[str, ...]) -> Completed:
        match arguments:
            case ("/usr/bin/crio", *rest):
                return self._crio(tuple(rest))
            case ("systemctl", "reload", "crio.service"):
                return self._activated(self._daemon.reload)
            case ("systemctl", "restart", "crio.service"):
                return self._activated(self._daemon.restart)
            case ("systemctl", "reset-failed", "crio.service"):
                return Completed(0)
            case (program, "--version") if program.startswith("/opt/wasmwright/store/"):
                return Completed(0, "crun version 1.21\n+WASM:wasmedge\n")
        return super()._run(arguments)

    def _activated(self, how: object) -> Completed:
        self._files.tick()
        done = how()
        self._files.tick()
        return done

    def _crio(self, arguments: tuple[str, ...]) -> Completed:
        match arguments:
            case ("--version",):
                version = self._daemon.version
                return Completed(0, f"crio version {version}\nVersion:       {version}\n")
            case ("--config", main, "--config-dir", folder, "config", *rest):
                try:
                    text = printed(self._files.local, main, folder, default=rest == ["--default"])
                except ConfigError as error:
                    return Completed(1, stderr=f"{error}\n")
                return Completed(0, text)
        raise AssertionError(f"CRI-O has no {arguments}")


def make_crio_node(root: Path, main: bytes | None = None, **others: bytes) -> FakeNode:
    """Return a node whose CRI-O runs with these files.

    Args:
        root: an empty directory.
        main: its main file; None = there is none.
        others: files of its directory; by default what the packages put there.
    """
    files = CountingFiles(root)
    daemon = PlayedCrio(files)
    node = FakeNode(root, files, daemon, CrioCommands(daemon, files))
    (root / "opt").mkdir(parents=True)
    (root / "etc").mkdir()
    node.put("/etc/os-release", b'ID=debian\nVERSION_ID="13"\n')
    node.put("/etc/machine-id", b"0123456789abcdef0123456789abcdef\n")
    for path in ("/bin/sh", *BINARIES, *PACKAGED_BINARIES):
        node.put(path, elf(), mode=0o755)
    if main is not None:
        node.put(MAIN, main)
    for name, content in (others or {"10_crio_conf": PACKAGED}).items():
        node.put(f"{FOLDER}/{name.replace('_conf', '.conf').replace('_', '-')}", content)
    node.add_process(1, "/usr/lib/systemd/systemd")
    node.add_process(DAEMON_PID, "/usr/bin/crio", cgroup="0::/system.slice/crio.service\n")
    node.add_process(
        KUBELET_PID, "/usr/bin/kubelet", f"--container-runtime-endpoint=unix://{SOCKET}"
    )
    node.add_socket(SOCKET)
    daemon.config.start(MAIN, FOLDER)
    return node


def add_container(node: FakeNode, pid: int, runtime: str, pod: str) -> None:
    """A container as its conmon shows it."""
    namespace, name = pod.split("/")
    identity = f"{pid:064x}"
    node.add_process(
        pid,
        "/usr/libexec/crio/conmon",
        *("-b", f"/run/containers/storage/{identity}/userdata", "-c", identity),
        *("-n", f"k8s_app_{name}_{namespace}_0a1b-2c_0", "-r", runtime),
    )


def copy_of_crio(node: FakeNode, root: Path) -> FakeNode:
    """Return an independent copy of a node with what its daemon has loaded."""
    shutil.copytree(node.root, root, symlinks=True)
    files = CountingFiles(root)
    daemon = PlayedCrio(files, node.daemon.version)
    both = copy.deepcopy((node.daemon.config.shown, node.daemon.config.pods))
    daemon.config.shown, daemon.config.pods = both
    return FakeNode(root, files, daemon, CrioCommands(daemon, files))
