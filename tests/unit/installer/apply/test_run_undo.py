"""The daemon does not take a change: the way back, and the memory of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from unit.installer.documents import document, fetched, shim
from unit.installer.fake_host.containerd import MAIN
from unit.installer.fake_host.containerd_node import MAIN_V2, make_node
from unit.installer.fake_host.node import FakeNode
from wasmwright_installer.apply.run import apply
from wasmwright_installer.contract import ExitCode
from wasmwright_installer.detect.handlers import Loaded
from wasmwright_installer.errors import (
    RefusedError,
    RollbackFailedError,
    RolledBackError,
)
from wasmwright_installer.host.commands import Completed


def test_apply__daemon_does_not_come_up__is_rolled_back_and_not_tried_again(
    usual: FakeNode, tmp_path: Path
) -> None:
    before, loaded = usual.tree(), dict(usual.daemon.loaded)
    usual.daemon.refuses = "light"
    wanted = document(shim("light"))
    folder = fetched(tmp_path, wanted)
    with pytest.raises(RolledBackError, match=r"restart containerd.service' failed"):
        apply(usual.host, wanted, folder)
    assert usual.daemon.loaded == loaded
    assert {k: v for k, v in usual.tree().items() if k.startswith("/etc")} == {
        k: v for k, v in before.items() if k.startswith("/etc")
    }
    restarts = usual.daemon.restarts
    with pytest.raises(RefusedError, match="--retry") as caught:
        apply(usual.host, wanted, folder)
    assert (caught.value.reason, usual.daemon.restarts) == ("FailedBefore", restarts)
    usual.daemon.refuses = ""
    assert apply(usual.host, wanted, folder, retry=True).restarted
    apply(usual.host, document(), None)
    assert usual.tree() == before


def test_apply__change_failed_before__is_tried_under_a_new_token_and_once_per_token(
    usual: FakeNode, tmp_path: Path
) -> None:
    usual.daemon.refuses = "light"
    wanted = document(shim("light"))
    asked = wanted.model_copy(update={"retry_token": "monday"})
    folder = fetched(tmp_path, wanted)
    for tried in (wanted, asked):
        with pytest.raises(RolledBackError):
            apply(usual.host, tried, folder)
    with pytest.raises(RefusedError, match="retryToken"):
        apply(usual.host, asked, folder)


def test_apply__change_failed_before__another_document_is_tried(
    usual: FakeNode, tmp_path: Path
) -> None:
    usual.daemon.refuses = "light"
    wanted = document(shim("light"))
    with pytest.raises(RolledBackError):
        apply(usual.host, wanted, fetched(tmp_path, wanted))
    other = document(shim("other"))
    assert apply(usual.host, other, fetched(tmp_path, other)).restarted


def test_apply__handler_of_somebody_else_vanishes__is_rolled_back(tmp_path: Path) -> None:
    table = b"""
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata]
  runtime_type = "io.containerd.kata.v2"
"""
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + table)
    node.daemon.loses = "kata"
    wanted = document(shim("light"))
    with pytest.raises(RollbackFailedError, match="'kata' of somebody else became absent"):
        apply(node.host, wanted, fetched(tmp_path, wanted))
    assert node.read(MAIN) == MAIN_V2 + table


def test_apply__rollback_fails_too__says_so_and_the_next_run_goes_on_with_it(
    usual: FakeNode, tmp_path: Path
) -> None:
    main = usual.read(MAIN)
    usual.daemon.refuses = "runc"
    wanted = document(shim("light"))
    folder = fetched(tmp_path, wanted)
    with pytest.raises(RollbackFailedError, match=r"journalctl -u containerd.service"):
        apply(usual.host, wanted, folder)
    assert usual.read(MAIN) == main
    usual.daemon.refuses = ""
    with pytest.raises(RolledBackError, match="a run was ended"):
        apply(usual.host, wanted, folder)
    assert usual.daemon.is_up


def test_apply__somebody_edits_while_the_daemon_fails__that_edit_is_kept(
    usual: FakeNode, tmp_path: Path
) -> None:
    wanted = document(shim("light"))
    folder = fetched(tmp_path, wanted)
    restart = usual.daemon.restart
    edit = b"# edited in between\n"

    def edit_and_fail() -> Completed:
        if usual.daemon.restarts == 0:
            usual.put(MAIN, usual.read(MAIN) + edit)
            usual.daemon.restarts += 1
            usual.daemon.is_up = False
            return Completed(1, stderr="failed")
        return restart()

    usual.daemon.restart = edit_and_fail  # type: ignore[method-assign]  # plays a person
    with pytest.raises(RolledBackError, match=f"except {MAIN}, which somebody edited"):
        apply(usual.host, wanted, folder)
    assert usual.read(MAIN).endswith(edit)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"options": {"SystemdCgroup": False}},
        {"options": {}},
        {"options": {"SystemdCgroup": True, "BinaryName": "/usr/bin/other"}},
        {"privileged_without_host_devices": True},
        {"runtime_type": "io.containerd.runc.v1"},
    ],
    ids=["cgroup driver", "no options", "another binary", "another field", "another shim"],
)
def test_apply__runc_is_served_otherwise_than_before__is_undone_and_named(
    usual: FakeNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoilt: dict[str, object]
) -> None:
    """`config dump` shows nothing of it, so the proof by the daemon's status must."""
    before, next_start = usual.tree(), usual.daemon.next_start

    def spoil() -> dict[str, object]:
        handlers = next_start()
        if "light" in handlers:
            handlers["runc"] = {**handlers["runc"], **spoilt}
        return handlers

    monkeypatch.setattr(usual.daemon, "next_start", spoil)
    wanted = document(shim("light"))
    with pytest.raises(RolledBackError, match="'runc' of somebody else became") as caught:
        apply(usual.host, wanted, fetched(tmp_path, wanted))
    assert caught.value.exit_code == ExitCode.ROLLED_BACK
    assert usual.daemon.loaded["runc"]["options"] == {"SystemdCgroup": True}
    apply(usual.host, document(), None)
    assert usual.tree() == before


def test_apply__runtime_is_not_ready_after_the_restart__is_undone(
    usual: FakeNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = usual.daemon.status

    def unready() -> Loaded:
        return replace(status(), runtime_ready="light" not in usual.daemon.loaded)

    monkeypatch.setattr(usual.daemon, "status", unready)
    wanted = document(shim("light"))
    with pytest.raises(RolledBackError, match="is not ready"):
        apply(usual.host, wanted, fetched(tmp_path, wanted))
    assert "light" not in usual.daemon.loaded
