"""The installer against a stand-in for CRI-O that runs as a process: socket, commands, signals.

The host is a directory with real files; of its processes and of systemd only is played what has
this one daemon run. What the stand-in does is written in `support/crio_rules.py`.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from typing_extensions import override

from support.crio_server import RunPodSandbox
from unit.installer.documents import artifacts, crun, document, shim
from unit.installer.fake_crio import FOLDER, OWN, SOCKET, make_crio_node
from unit.installer.fake_host.node import FakeNode
from wasmwright_installer.apply.explain import explain_status
from wasmwright_installer.apply.host import Host, Limits
from wasmwright_installer.apply.run import apply
from wasmwright_installer.contract import RuntimeType
from wasmwright_installer.errors import RolledBackError
from wasmwright_installer.host.commands import Commands, HostCommands, Running, run
from wasmwright_installer.host.cri import CRIUnavailableError, SocketCRI

pytestmark = pytest.mark.integration

TESTS = Path(__file__).parents[2]
LIMITS = Limits(lock=1, answer=5, restart=20, settle=10, command=20)
WASM = crun(handler="crun-wasm")
NOTHING = document()
NEWER = b"#!/bin/sh\n# newer\n"


class StandIn:
    """The daemon, and who starts it again."""

    def __init__(self, root: Path, *flags: str) -> None:
        self.command = [sys.executable, "-m", "support.crio_stand_in", "--root", str(root), *flags]
        self.environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        self.root = root
        self.starts = 0
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def cri(self) -> SocketCRI:
        return SocketCRI(self.root / SOCKET.lstrip("/"))

    def start(self) -> int:
        self.starts += 1
        self.process = subprocess.Popen(self.command, env=self.environment)
        deadline = time.monotonic() + 20
        while not self.cri.answers(1):
            if self.process.poll() is not None or time.monotonic() > deadline:
                return 1
            time.sleep(0.02)
        return 0

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)

    def restart(self) -> int:
        self.stop()
        return self.start()

    def reload(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)
        return 0

    def run_pod(self, handler: str) -> str:
        """Ask for a sandbox; return "" or why there is none."""
        with grpc.insecure_channel(f"unix:{self.root}{SOCKET}") as channel:
            call = channel.unary_unary("/runtime.v1.RuntimeService/RunPodSandbox")
            try:
                call(RunPodSandbox.request(handler), timeout=5)
            except grpc.RpcError as error:
                return str(error.details())
        return ""


class StandInCommands(Commands):
    """The stand-in's own executable, and of systemctl what concerns its unit."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in
        self._real = HostCommands(Path("/"))

    @override
    def start(self, *arguments: str) -> Running:
        match arguments:
            case ("/usr/bin/crio", *rest):
                path = f"PYTHONPATH={self._stand_in.environment['PYTHONPATH']}"
                return self._real.start("env", path, *self._stand_in.command, *rest)
            case ("systemctl", "restart", "crio.service"):
                return self._real.start("sh", "-c", f"exit {self._stand_in.restart()}")
            case ("systemctl", "reload", "crio.service"):
                return self._real.start("sh", "-c", f"exit {self._stand_in.reload()}")
            case ("systemctl", "reset-failed" | "stop", *_) | ("systemd-run", *_):
                return self._real.start("true")  # its timer would only wait for a run that dies
            case (program, "--version"):
                return self._real.start("echo", f"{program} version 1.21 +WASM:wasmedge")
        raise AssertionError(f"nobody runs {arguments}")


@pytest.fixture
def root() -> Iterator[Path]:
    """A short path: that of a unix socket may have 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="crio") as folder:
        yield Path(folder)


@pytest.fixture
def node(root: Path) -> FakeNode:
    made = make_crio_node(root)
    (root / "run/crio").mkdir(parents=True)
    return made


@pytest.fixture
def stand_in(node: FakeNode) -> Iterator[StandIn]:
    daemon = StandIn(node.root)
    assert daemon.start() == 0
    yield daemon
    daemon.stop()


@pytest.fixture
def host(node: FakeNode, stand_in: StandIn) -> Host:
    return Host(node.files, StandInCommands(stand_in), SocketCRI, LIMITS)


@pytest.mark.shows("crun-wasm", "install", on=("CRI-O",))
def test_apply__install_and_give_back__pods_get_the_handler_and_every_byte_comes_back(
    node: FakeNode, stand_in: StandIn, host: Host
) -> None:
    before = node.tree()
    assert "failed to find runtime handler" in stand_in.run_pod("crun-wasm")
    result = apply(host, document(WASM), None)
    assert (result.exit_code, result.restarted, stand_in.starts) == (0, True, 2)
    assert set(result.handlers) == {"crun", "runc", "crun-wasm"}
    assert stand_in.run_pod("crun-wasm") == ""
    assert not apply(host, document(WASM), None).changed
    apply(host, NOTHING, None)
    assert node.tree() == before
    assert set(stand_in.cri.loaded(5).handlers) == {"crun", "runc"}


def test_apply__upgrade_and_removal_of_one__restart_nothing(
    node: FakeNode, stand_in: StandIn, host: Host, tmp_path: Path
) -> None:
    light = shim("light", type=RuntimeType.OCI_RUNTIME)
    newer = shim("light", content=NEWER, type=RuntimeType.OCI_RUNTIME)
    apply(host, document(WASM, light), artifacts(tmp_path / "a", light))
    folder = artifacts(tmp_path / "b", newer, contents={"light": NEWER})
    apply(host, document(WASM, newer), folder)
    assert stand_in.run_pod("light") == ""
    apply(host, document(WASM), None)
    assert b"light" not in node.read(OWN)
    assert stand_in.starts == 2
    assert not explain_status(host).drift


def test_apply__crio_drops_the_handler__everything_comes_back(
    node: FakeNode, stand_in: StandIn, host: Host
) -> None:
    before = node.tree()
    stand_in.restart = _after(
        lambda: (node.root / "usr/bin/crun").unlink(missing_ok=True), stand_in
    )
    with pytest.raises(RolledBackError, match="'crun-wasm' is served as absent"):
        apply(host, document(WASM), None)
    assert node.files.names(FOLDER) == ["10-crio.conf"]
    assert set(stand_in.cri.loaded(5).handlers) == {"crun", "runc"}
    apply(host, NOTHING, None)
    assert node.tree() == before


def test_apply__crio_does_not_start__everything_comes_back(
    node: FakeNode, stand_in: StandIn, host: Host
) -> None:
    """A file that somebody breaks while we are at it; it goes before the way back."""
    theirs = node.root / FOLDER.lstrip("/") / "95-theirs.conf"

    def edit() -> None:
        theirs.unlink() if theirs.exists() else theirs.write_text("no toml [")

    stand_in.restart = _after(edit, stand_in)
    with pytest.raises(RolledBackError, match=r"systemctl restart crio\.service"):
        apply(host, document(WASM), None)
    assert stand_in.cri.loaded(5).default == "crun"
    assert node.files.names(FOLDER) == ["10-crio.conf"]


def _after(first: object, stand_in: StandIn) -> object:
    restart = stand_in.restart

    def both() -> int:
        first()
        return restart()

    return both


def test_stand_in__reload__shows_what_no_pod_gets(
    node: FakeNode, stand_in: StandIn, host: Host
) -> None:
    """The rule of CRI-O for which the layout restarts; a start ends it."""
    node.put(f"{FOLDER}/50.conf", b'[crio.runtime.runtimes.more]\nruntime_path = "/usr/bin/crun"\n')
    run(host.commands, "systemctl", "reload", "crio.service", timeout=5)
    deadline = time.monotonic() + 5
    while "more" not in stand_in.cri.loaded(5).handlers and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "more" in stand_in.cri.loaded(5).handlers
    assert "failed to find runtime handler more" in stand_in.run_pod("more")
    stand_in.restart()
    assert stand_in.run_pod("more") == ""


def test_loaded__nobody_answers_config__is_told_as_unavailable(stand_in: StandIn) -> None:
    stand_in.stop()
    with pytest.raises(CRIUnavailableError, match="unavailable"):
        stand_in.cri.loaded(1)
