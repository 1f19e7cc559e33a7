"""Daemons that run, asked by the installer's own client: loaded is what was written."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from unit.installer.mains import RUNC, SCHEMA_2, G, schema_3
from unit.installer.planning import plan_for
from wasmwright_installer.apply.verify import changed_for_others
from wasmwright_installer.config.files import Present
from wasmwright_installer.config.imports import load_order, matches
from wasmwright_installer.config.stage import staged
from wasmwright_installer.detect.handlers import (
    Loaded,
    binary_of,
    normal_handler,
    uses_systemd_cgroup,
)
from wasmwright_installer.host.cri import CRIUnavailableError, SocketCRI
from wasmwright_installer.host.state import Journal, State

pytestmark = pytest.mark.integration

MAIN = "/etc/containerd/config.toml"
WANTED: dict[str, dict[str, Any]] = {
    "light": {"runtime_type": "/opt/wasmwright/bin/light/containerd-shim-light-v1"},
    "crun": {
        "runtime_type": "io.containerd.runc.v2",
        "pod_annotations": ["module.wasm.image/*"],
        "options": {"BinaryName": "/opt/wasmwright/bin/crun/crun", "SystemdCgroup": True},
    },
}
NATIVE = f'\n[{G}.containerd]\n  snapshotter = "native"\n'
"""The snapshotter that works on every file system."""


@contextmanager
def running(daemon: Path, folder: Path, files: dict[str, bytes]) -> Iterator[SocketCRI]:
    """A daemon with these files, in a network and mount namespace of its own."""
    for path, content in staged(files, str(folder)).items():
        place = Path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    socket = folder / "c.sock"
    command = ["unshare", "--mount", "--net", str(daemon), "-c", f"{folder}{MAIN}"]
    command += ["--root", str(folder / "r"), "--state", str(folder / "s"), "-a", str(socket)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            cri = SocketCRI(socket)
            deadline = time.monotonic() + 30
            while not cri.answers(1) and time.monotonic() < deadline:
                assert process.poll() is None, (folder / "log").read_text()[-2000:]
                time.sleep(0.05)
            yield cri
        finally:
            process.terminate()
            process.wait(10)


def with_ours(files: dict[str, bytes], major: int) -> dict[str, bytes]:
    tree = load_order(MAIN, files.get, lambda glob: [p for p in files if matches(glob, p)])
    now = Present(MAIN, tree, major, {}, frozenset())
    runc = {"runc": {"runtime_type": "io.containerd.runc.v2"}}
    return dict(plan_for(now, WANTED, runc).tree)


def loaded(daemon: Path, folder: Path, files: dict[str, bytes]) -> Loaded:
    with running(daemon, folder, files) as cri:
        return cri.loaded(5)


@pytest.mark.parametrize("major", [1, 2], ids=["1.7", "2.4"])
def test_daemon__started_with_ours__serves_them_and_runc_as_before(
    old: Path, new: Path, tmp_path: Path, major: int
) -> None:
    daemon = old if major == 1 else new
    text = f"version = 2\n{RUNC}{NATIVE}"
    files = {MAIN: (text if major == 1 else schema_3(text).replace(NATIVE, "")).encode()}
    before = loaded(daemon, tmp_path / "a", files)
    after = loaded(daemon, tmp_path / "b", with_ours(files, major))
    assert {name: after.handlers[name] for name in WANTED} == {
        name: normal_handler(table) for name, table in WANTED.items()
    }
    assert after.handlers["runc"] == before.handlers["runc"]
    assert (after.default, after.runtime_ready) == ("runc", True)
    assert uses_systemd_cgroup(after)
    assert binary_of(after.handlers["crun"]) == "/opt/wasmwright/bin/crun/crun"
    assert after.state_dir == str(tmp_path / "b/s")


@pytest.mark.parametrize("major", [1, 2], ids=["1.7", "2.4"])
def test_daemon__runcs_options_changed__the_proof_names_runc(
    old: Path, new: Path, tmp_path: Path, major: int
) -> None:
    daemon = old if major == 1 else new
    text = f"version = 2\n{RUNC}{NATIVE}"
    plain = text if major == 1 else schema_3(text).replace(NATIVE, "")
    spoilt = plain.replace("SystemdCgroup = true", "SystemdCgroup = false")
    before = loaded(daemon, tmp_path / "a", {MAIN: plain.encode()})
    after = loaded(daemon, tmp_path / "b", {MAIN: spoilt.encode()})
    journal = Journal(
        config="",
        document="",
        previous=State(),
        next=State(),
        files=(),
        restarts=True,
        baseline={name: dict(handler) for name, handler in before.handlers.items()},
        foreign={},
        ours=(),
        network_ready=False,
        unit="containerd.service",
        socket="",
    )
    assert changed_for_others(before, journal) == ""
    assert changed_for_others(after, journal).startswith("handler 'runc' of somebody else became")


def test_daemon__no_handlers_in_the_file_of_1_7__keeps_runc(old: Path, tmp_path: Path) -> None:
    files = {MAIN: f"{SCHEMA_2['no handlers']}{NATIVE}".encode()}
    assert set(loaded(old, tmp_path, with_ours(files, 1)).handlers) == {"runc", "light", "crun"}


def test_socket__nobody_listens__is_told_as_unavailable(tmp_path: Path) -> None:
    cri = SocketCRI(tmp_path / "none.sock")
    assert not cri.answers(0.5)
    with pytest.raises(CRIUnavailableError, match="unavailable"):
        cri.loaded(0.5)
