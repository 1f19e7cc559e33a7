"""Somebody else edits the node between our runs, or our own records are lost."""

from pathlib import Path

import pytest

from unit.installer.documents import crun, document, fetched, shim
from unit.installer.fake_host.containerd import MAIN
from unit.installer.fake_host.containerd_node import MAIN_V2, MAIN_V3, make_node
from unit.installer.fake_host.node import FakeNode
from unit.installer.mains import G, R
from wasmwright_installer.apply.run import apply
from wasmwright_installer.errors import ConflictError, RefusedError


def test_apply__foreign_edit_in_between__is_kept_and_told(usual: FakeNode, tmp_path: Path) -> None:
    wanted = document(shim("light"))
    main = usual.read(MAIN)
    apply(usual.host, wanted, fetched(tmp_path, wanted))
    edited = usual.read(MAIN).replace(b"localhost/pause:1", b"localhost/pause:2")
    usual.put(MAIN, edited)
    result = apply(usual.host, document(), None)
    assert usual.read(MAIN) == main.replace(b"localhost/pause:1", b"localhost/pause:2")
    assert result.warnings == (f"{MAIN} was edited by somebody else since wasmwright changed it",)


def test_apply__our_part_was_thrown_out__is_written_again(usual: FakeNode, tmp_path: Path) -> None:
    wanted = document(shim("light"))
    main = usual.read(MAIN)
    apply(usual.host, wanted, fetched(tmp_path, wanted))
    usual.put(MAIN, main)
    result = apply(usual.host, wanted, None)
    assert (result.changed, result.restarted) == (True, False), "the daemon still serves it"
    usual.daemon.restart()
    assert "light" in usual.daemon.loaded


def test_apply__files_hold_it_but_the_daemon_was_never_restarted__restarts(
    usual: FakeNode, tmp_path: Path
) -> None:
    wanted = document(shim("light"))
    before = dict(usual.daemon.loaded)
    apply(usual.host, wanted, fetched(tmp_path, wanted))
    usual.daemon.loaded = before
    result = apply(usual.host, wanted, None)
    assert (result.restarted, usual.daemon.restarts) == (True, 2)
    assert "light" in usual.daemon.loaded


def test_apply__containerd_was_upgraded_to_2_x__moves_to_a_file_of_our_own(tmp_path: Path) -> None:
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2)
    first, second = document(shim("light")), document(shim("light"), crun())
    apply(node.host, first, fetched(tmp_path, first))
    node.daemon.version = "2.4.2"
    node.daemon.restart()
    assert not apply(node.host, first, None).changed, "2.x reads the older table too"
    apply(node.host, second, fetched(tmp_path, second))
    assert set(node.daemon.loaded) == {"runc", "light", "crun"}
    assert node.read(MAIN).count(b"wasmwright: begin") == 0
    assert node.files.exists("/etc/containerd/conf.d/wasmwright.toml")
    apply(node.host, document(), None)
    assert node.read(MAIN) == MAIN_V2
    assert not node.files.exists("/etc/containerd/conf.d")


def test_apply__record_is_lost__finds_its_part_by_the_marks(
    usual: FakeNode, tmp_path: Path
) -> None:
    main = usual.read(MAIN)
    wanted = document(shim("light"))
    apply(usual.host, wanted, fetched(tmp_path, wanted))
    (usual.root / "opt/wasmwright/state/state.json").unlink()
    apply(usual.host, document(), None)
    assert usual.read(MAIN) == main
    assert set(usual.daemon.loaded) == {"runc"}
    assert not usual.files.exists("/opt/wasmwright")


def test_apply__somebody_elses_edit_was_not_loaded_yet__may_appear_with_our_restart(
    tmp_path: Path,
) -> None:
    table = b"""
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata]
  runtime_type = "io.containerd.kata.v2"
"""
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2)
    node.put(MAIN, MAIN_V2 + table)
    wanted = document(shim("light"))
    assert apply(node.host, wanted, fetched(tmp_path, wanted)).handlers == ("kata", "light", "runc")


def test_apply__state_cannot_be_read__is_refused_with_the_way_out(
    usual: FakeNode, tmp_path: Path
) -> None:
    wanted = document(shim("light"))
    apply(usual.host, wanted, fetched(tmp_path, wanted))
    usual.put("/opt/wasmwright/state/state.json", b"{broken")
    with pytest.raises(RefusedError, match=r"state\.json cannot be read") as caught:
        apply(usual.host, document(), None)
    assert caught.value.reason == "StateUnreadable"


@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_apply__bytes_of_before_are_lost__the_marks_lead_back(
    usual: FakeNode, tmp_path: Path, damage: str
) -> None:
    main = usual.read(MAIN)
    wanted = document(shim("light"))
    apply(usual.host, wanted, fetched(tmp_path, wanted))
    for kept in (usual.root / "opt/wasmwright/state/files").iterdir():
        kept.unlink() if damage == "gone" else kept.write_bytes(b"other")
    apply(usual.host, document(), None)
    assert usual.read(MAIN) == main


@pytest.mark.parametrize(
    ("version", "main", "plugin"),
    [("2.4.2", MAIN_V3, R), ("2.4.2", MAIN_V2, G)],
    ids=["newer table", "older table"],
)
def test_apply__somebody_declares_our_handler_in_a_file_too__is_kept_and_a_conflict(
    tmp_path: Path, version: str, main: bytes, plugin: str
) -> None:
    node = make_node(tmp_path / "host", version, main)
    apply(node.host, document(crun()), None)
    table = f'[{plugin}.containerd.runtimes.crun]\n  runtime_type = "io.containerd.kata.v2"\n'
    node.put(MAIN, node.read(MAIN) + table.encode())
    before = node.tree()
    for wanted in (document(crun()), document()):
        with pytest.raises(ConflictError, match=rf"'crun' .* somebody else too, in {MAIN}:\d+;"):
            apply(node.host, wanted, None)
    assert node.tree() == before
    node.put(MAIN, node.read(MAIN).removesuffix(table.encode()))
    apply(node.host, document(), None)
    assert node.read(MAIN) == main
