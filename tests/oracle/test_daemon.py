"""Daemons that run, asked by the installer's own client: loaded is what was written."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from oracle.mains import EVERY, Main
from oracle.nodes import Node
from oracle.operations import NOTHING, TWO
from oracle.oracles import each, oracle
from oracle.place import TOPS
from oracle.scores import Score
from wasmwright_installer.apply.verify import changed_for_others
from wasmwright_installer.detect.handlers import (
    Loaded,
    binary_of,
    normal_handler,
    uses_systemd_cgroup,
)
from wasmwright_installer.host.cri import CRIUnavailableError, SocketCRI
from wasmwright_installer.host.state import Journal, State

STARTED: Final = (
    "kind",
    "EKS schema 2",
    "AKS hybrid",
    "EKS schema 3",
    "missing file",
    "no handlers, schema 2",
    "no handlers, schema 3",
    "symlink",
)


_IN_PLACE: Final = f"""
root=$1; shift
for top in {" ".join(TOPS)}; do
    [ ! -d "$root/$top" ] || mount --bind "$root/$top" "/$top" || exit 99
done
exec "$@"
"""


@contextmanager
def running(node: Node, folder: Path) -> Iterator[SocketCRI]:
    """The node's daemon, in a network and mount namespace of its own."""
    folder.mkdir()
    (node.root / "opt").mkdir(exist_ok=True)
    socket = folder / "c.sock"
    command = ["unshare", "--mount", "--net", "sh", "-c", _IN_PLACE, "sh", str(node.root)]
    command += [str(node.oracle.binary)]
    command += ["--root", str(folder / "r"), "--state", str(folder / "s"), "-a", str(socket)]
    command += ["-c", node.main] if node.main in node.content else []
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            cri = SocketCRI(socket)
            deadline = time.monotonic() + 60
            while not cri.answers(1) and time.monotonic() < deadline:
                assert process.poll() is None, (folder / "log").read_text()[-2000:]
                time.sleep(0.05)
            yield cri
        finally:
            process.terminate()
            process.wait(10)


def loaded(node: Node, folder: Path) -> Loaded:
    with running(node, folder) as cri:
        return cri.loaded(5)


def _cases() -> list[Any]:
    return [
        pytest.param(daemon.values[0], main, marks=daemon.marks, id=f"{daemon.id}-{main.name}")
        for main in EVERY
        if main.name in STARTED
        for daemon in each(main.since)
    ]


@pytest.mark.parametrize(("daemon", "main"), _cases())
def test_daemon__started_with_ours__serves_them_and_all_others_as_before(
    tmp_path: Path, score: Score, daemon: str, main: Main
) -> None:
    score("daemon started", daemon)
    node = Node(tmp_path / "node", oracle(daemon), main)
    before = loaded(node, tmp_path / "a")
    node.converge(TWO)
    after = loaded(node, tmp_path / "b")
    ours = {name: normal_handler(table) for name, table in node.handlers.items()}
    assert after.handlers == {**before.handlers, **ours}
    assert (after.default, after.runtime_ready) == (before.default, True)
    assert uses_systemd_cgroup(after) == uses_systemd_cgroup(before)
    assert binary_of(after.handlers["crun"]) == "/opt/wasmwright/bin/crun/crun"
    assert after.state_dir == str(tmp_path / "b/s")
    node.converge(NOTHING)
    assert node.content == node.pristine


@pytest.mark.parametrize("daemon", each())
def test_daemon__runcs_options_changed__the_proof_names_runc(
    tmp_path: Path, score: Score, daemon: str
) -> None:
    score("change of runc told", daemon)
    main = next(main for main in EVERY if main.name == "plain, schema 2")
    node = Node(tmp_path / "node", oracle(daemon), main)
    before = loaded(node, tmp_path / "a")
    assert main.content is not None
    node.edit(main.path, main.content.replace(b"SystemdCgroup = true", b"SystemdCgroup = false"))
    after = loaded(node, tmp_path / "b")
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


def test_socket__nobody_listens__is_told_as_unavailable(tmp_path: Path) -> None:
    cri = SocketCRI(tmp_path / "none.sock")
    assert not cri.answers(0.5)
    with pytest.raises(CRIUnavailableError, match="unavailable"):
        cri.loaded(0.5)
