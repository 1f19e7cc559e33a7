"""A host in a directory: its files are real, its containerd, systemd and programs are played.

The played containerd follows the documented rules of the two majors: 1.x replaces a plugin's whole
table by that of a later file and its default handlers by any that a file names; 2.x merges.
"""

import copy
import json
import os
import shutil
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from typing_extensions import override

from unit.installer.programs import elf
from wasmwright_installer.apply.host import Host, Limits, home_of
from wasmwright_installer.config.imports import load_order
from wasmwright_installer.config.tables import GRPC_TABLE, RUNTIME_TABLE
from wasmwright_installer.detect.handlers import Loaded, loaded_from_status
from wasmwright_installer.errors import RefusedError
from wasmwright_installer.host.commands import Commands, Completed, Running
from wasmwright_installer.host.cri import CRI, CRIUnavailableError
from wasmwright_installer.host.files import HostFiles
from wasmwright_installer.host.write_errors import explained

MAIN = "/etc/containerd/config.toml"
SOCKET = "/run/containerd/containerd.sock"
DAEMON_PID, KUBELET_PID = 150, 180
RUNC = {"runtime_type": "io.containerd.runc.v2", "options": {"SystemdCgroup": False}}

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


IMPATIENT = Limits(lock=0.2, answer=1, restart=1, settle=0.05, command=1, step=0.001)


class Crash(BaseException):
    """The process dies here: nothing that catches errors may catch it."""


class CountingFiles(HostFiles):
    """A file system on which every change counts.

    The process may die at any of them, and any that needs space may be refused.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.changes = 0
        self.dies_at: int | None = None
        self.writes = 0
        """Changes that need space."""
        self.refuses: Callable[[int, str], int] = lambda _number, _path: 0
        """From the number of a write and its path to the error number that it fails with."""

    def tick(self) -> None:
        self.changes += 1
        if self.changes == self.dies_at:
            raise Crash

    def _spend(self, path: str) -> None:
        self.writes += 1
        number = self.refuses(self.writes, path)
        if number:
            raise OSError(number, os.strerror(number))

    @override
    def prepare_stream(self, path: str, fill: Any, *, mode: int = 0o644) -> None:
        self.tick()
        with explained(self.root, path, self.place(path)):
            self._spend(path)

        def fill_half_way(descriptor: int) -> None:
            fill(descriptor)
            self.tick()
            self._spend(path)

        super().prepare_stream(path, fill_half_way, mode=mode)
        self.tick()

    @override
    def switch(self, path: str) -> None:
        super().switch(path)
        self.tick()

    @override
    def prepare_link(self, path: str, target: str) -> None:
        self.tick()
        with explained(self.root, path, self.local(path, follow=False)):
            self._spend(path)
        super().prepare_link(path, target)
        self.tick()

    @override
    def switch_link(self, path: str) -> None:
        super().switch_link(path)
        self.tick()

    @override
    def delete(self, path: str, *, follow: bool = False) -> None:
        self.tick()
        super().delete(path, follow=follow)
        self.tick()

    @override
    def make_folders(self, folder: str) -> None:
        self.tick()
        for path in self.missing_folders(folder):
            with explained(self.root, path, self.local(path)):
                self._spend(path)
            super().make_folders(path)

    @override
    def delete_tree(self, folder: str) -> None:
        self.tick()
        super().delete_tree(folder)
        self.tick()

    @override
    def delete_empty_folder(self, folder: str) -> None:
        self.tick()
        super().delete_empty_folder(folder)


@dataclass
class Containerd:
    """The played daemon: what it has loaded changes only by a restart."""

    files: HostFiles
    version: str
    loaded: dict[str, Any] = field(default_factory=dict)
    is_up: bool = True
    restarts: int = 0
    refuses: str = ""
    """A handler with which the daemon does not come up, though `config dump` likes it."""
    loses: str = ""
    """A handler that vanishes once another one is declared, as broken releases did."""
    network_ready: bool = True
    main: str = MAIN
    unit: str = "containerd.service"
    executable: str = "/usr/bin/containerd"
    tasks: frozenset[str] = frozenset()

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def handlers(self, config: str, *, must_exist: bool = True) -> dict[str, Any]:
        """What the daemon serves with a configuration."""
        return self.handlers_in(self._tree(config, must_exist=must_exist))

    def next_start(self) -> dict[str, Any]:
        """What the daemon would serve if it started now."""
        return self.handlers(self.main, must_exist=False)

    needs: ClassVar[float] = 0
    """Seconds that have to be granted on a busy machine until it serves what it is told to."""

    def notice(self) -> None:
        """Let a supervisor that watches the files do its work."""

    def handlers_in(self, tree: Mapping[str, bytes]) -> dict[str, Any]:
        table = self._merged(tree)
        containerd = table.setdefault("containerd", {})
        declared: dict[str, Any] = containerd.get("runtimes", {})
        if self.major > 1:
            declared = {"runc": copy.deepcopy(RUNC)} | declared
        return declared or {"runc": copy.deepcopy(RUNC)}

    def _tree(self, config: str, *, must_exist: bool) -> dict[str, bytes]:
        tree = load_order(config, self.files.read, self.files.glob)
        if not tree and must_exist:
            raise RefusedError(f"open {config}: no such file", reason="test")
        return tree

    def _merged(self, tree: Mapping[str, bytes]) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for content in tree.values():
            plugins = tomllib.loads(content.decode()).get("plugins", {})
            older, newer = plugins.get(GRPC_TABLE, {}), plugins.get(RUNTIME_TABLE, {})
            if self.major == 1:
                merged = copy.deepcopy(older) or merged
            else:
                merged = _deep_merge(_deep_merge(merged, older), newer)
        return merged

    def dump(self, config: str | None) -> Completed:
        try:
            handlers = self.handlers(config or "/nowhere", must_exist=config is not None)
        except RefusedError as error:
            return Completed(1, stderr=f"containerd: {error.message}\n")
        table = GRPC_TABLE if self.major == 1 else RUNTIME_TABLE
        merged = self._merged(self._tree(config or "/nowhere", must_exist=False))
        merged["containerd"] = {"default_runtime_name": "runc", "runtimes": handlers}
        dumped = {
            "version": 2 if self.major == 1 else 4,
            "imports": [config or ""],
            "plugins": {table: merged},
        }
        unknown = [name for name, each in handlers.items() if "unknown_key" in each]
        stderr = "".join(
            f'time="x" level=warning msg="Ignoring unknown key" key="{name}"\n' for name in unknown
        )
        return Completed(0, "".join(_toml(dumped)), stderr)

    def restart(self) -> Completed:
        self.restarts += 1
        played_start(self.files.root, self.restarts)
        handlers = self.next_start()
        self.is_up = not self.refuses or self.refuses not in handlers
        if not self.is_up:
            return Completed(1, stderr="Job for containerd.service failed.\n")
        if len(handlers) > 1:
            handlers.pop(self.loses, None)
        self.loaded = handlers
        return Completed(0)

    def status(self) -> Loaded:
        if not self.is_up:
            raise CRIUnavailableError("unavailable: connection refused")
        config = {
            "containerd": {"runtimes": self.loaded, "defaultRuntimeName": "runc"},
            "stateDir": "/run/containerd/io.containerd.grpc.v1.cri",
        }
        plain = json.loads(json.dumps(config))
        return loaded_from_status(plain, runtime_ready=True, network_ready=self.network_ready)


def played_start(root: Path, number: int) -> None:
    """The daemon's process, as the kernel shows when it was started."""
    fields = " ".join(["S", "1", *("0" for _ in range(17)), str(1000 + number), "0"])
    place = root / f"proc/{DAEMON_PID}/stat"
    place.write_text(f"{DAEMON_PID} (contain) erd) {fields}\n")


def _toml(table: dict[str, Any], *above: str) -> Iterator[str]:
    """JSON's strings, numbers and lists are TOML's too, as far as they occur here."""
    yield f"[{'.'.join(above)}]\n" if above else ""
    for key, value in table.items():
        if not isinstance(value, dict):
            yield f"{json.dumps(key)} = {json.dumps(value)}\n"
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _toml(value, *above, json.dumps(key))


def _deep_merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = copy.deepcopy(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _deep_merge(merged[key], value) if both else copy.deepcopy(value)
    return merged


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


class Done(Running):
    def __init__(self, completed: Completed) -> None:
        self._completed = completed

    @override
    def poll(self) -> Completed | None:
        return self._completed

    @override
    def kill(self) -> None:
        raise AssertionError("nothing to kill")


class PlayedCommands(Commands):
    """Programs of the host: the daemon's own, systemctl, and binaries that answer as told."""

    def __init__(self, daemon: Containerd, files: CountingFiles) -> None:
        self._daemon = daemon
        self._files = files
        self.log: list[str] = []
        self.is_armed = False
        self.answers: dict[str, Completed] = {}

    @override
    def start(self, *arguments: str) -> Running:
        self.log.append(" ".join(arguments))
        return Done(self._run(arguments))

    def _run(self, arguments: tuple[str, ...]) -> Completed:
        match arguments:
            case (program, *rest) if program == self._daemon.executable:
                return self._containerd(tuple(rest))
            case ("systemctl", verb, unit) if unit == self._daemon.unit:
                return self._systemctl(verb)
            case (("systemctl" | "systemd-run") as program, verb, *rest):
                return self._switch(program, verb, rest[-1])
            case (program, *_) if program in self.answers:
                return self.answers[program]
            case ("/usr/bin/crun", *_):
                return Completed(0, "crun version 1.21\n+SYSTEMD +WASM:wasmedge\n")
            case (program, "-v") if "/wasmwright/store/" in program:
                return Completed(0, f"{program}:\n  Version: 1\n")
        raise AssertionError(f"nobody plays {arguments}")

    def _containerd(self, arguments: tuple[str, ...]) -> Completed:
        match arguments:
            case ("-c", config, "config", "dump"):
                return self._daemon.dump(config)
            case ("config", "default"):
                return self._daemon.dump(None)
            case _:
                assert arguments == ("--version",)
        return Completed(0, f"containerd example.org/containerd v{self._daemon.version} 123abc")

    def _switch(self, program: str, verb: str, last: str) -> Completed:
        if program == "systemd-run":
            assert self._files.exists(last)
            return self._arm()
        assert (verb, last) in {
            *(("stop", "wasmwright-switch.service"), ("reset-failed", "wasmwright-switch.service"))
        }
        return self._disarm(verb)

    def _arm(self) -> Completed:
        self._files.tick()
        if "systemd-run" in self.answers:
            return self.answers["systemd-run"]
        if self.is_armed:
            return Completed(1, stderr="Unit wasmwright-switch.timer was already loaded.\n")
        self.is_armed = True
        self._files.tick()
        return Completed(0)

    def _disarm(self, verb: str) -> Completed:
        self._files.tick()
        self.is_armed = self.is_armed and verb != "stop"
        self._files.tick()
        return Completed(0)

    def _systemctl(self, verb: str) -> Completed:
        if verb == "reset-failed":
            return Completed(0)
        assert verb == "restart"
        self._files.tick()
        done = self._daemon.restart()
        self._files.tick()
        return done


@dataclass
class FakeNode:
    """A node with containerd, kubelet and crun."""

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
    node.link(f"/proc/{DAEMON_PID}/fd/7", "socket:[4711]")
    columns = "Num RefCount Protocol Flags Type St Inode Path\n"
    listening = f"0000: 00000002 00000000 00010000 0001 01 4711 {SOCKET}\n"
    node.put(f"/proc/{KUBELET_PID}/net/unix", f"{columns}{listening}".encode())
    played_start(root, 0)
    daemon.loaded = daemon.handlers(MAIN, must_exist=False)
    return node
