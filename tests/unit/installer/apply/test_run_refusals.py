"""Runs that are refused, with the host as it was."""

from pathlib import Path

import pytest

from unit.installer.documents import document, fetched, shim
from unit.installer.fake_host.containerd import MAIN
from unit.installer.fake_host.node import FakeNode
from wasmwright_installer.apply.run import apply
from wasmwright_installer.contract import (
    NodeDocument,
    NodeIdentity,
)
from wasmwright_installer.errors import (
    LockedError,
    RefusedError,
    UnsupportedNodeError,
    WrongNodeError,
)
from wasmwright_installer.host.commands import Completed
from wasmwright_installer.host.lock import node_lock


def test_apply__document_for_another_machine__is_refused(usual: FakeNode) -> None:
    wanted = NodeDocument(node=NodeIdentity(machine_id="ffff"))
    with pytest.raises(WrongNodeError, match=r"ffff.*0123456789"):
        apply(usual.host, wanted, None)


def test_apply__another_run_holds_the_node__gives_up_after_a_while(usual: FakeNode) -> None:
    with node_lock(usual.files, 1), pytest.raises(LockedError, match="run/wasmwright/lock"):
        apply(usual.host, document(), None)


def test_apply__unknown_key_in_our_table__is_refused_by_the_daemons_warning(
    usual: FakeNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump = usual.daemon.dump

    def warn_of_staged(config: str | None) -> Completed:
        done = dump(config)
        if config != MAIN:
            return Completed(0, done.stdout, 'level=warning msg="unknown key" key="a b"\n')
        return done

    monkeypatch.setattr(usual.daemon, "dump", warn_of_staged)
    before = usual.tree()
    wanted = document(shim("light"))
    with pytest.raises(RefusedError, match=r"makes the daemon warn: .*unknown key"):
        apply(usual.host, wanted, fetched(tmp_path, wanted))
    assert usual.tree() == before


def test_apply__daemon_does_not_answer__is_refused(usual: FakeNode) -> None:
    usual.daemon.is_up = False
    with pytest.raises(RefusedError, match="does not serve the CRI") as caught:
        apply(usual.host, document(shim("light")), None)
    assert caught.value.reason == "CRIUnavailable"


def test_apply__immutable_system__is_refused_before_anything(usual: FakeNode) -> None:
    usual.put("/etc/os-release", b"ID=bottlerocket\n")
    with pytest.raises(UnsupportedNodeError, match="API settings"):
        apply(usual.host, document(shim("light")), None)
    assert not usual.files.exists("/run/wasmwright")


def test_apply__present_files_are_refused_by_the_daemon__nothing_is_changed(
    usual: FakeNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usual.daemon, "dump", lambda _: Completed(1, stderr="invalid"))
    wanted = document(shim("light"))
    with pytest.raises(RefusedError, match=r"config dump' refuses the configuration: invalid"):
        apply(usual.host, wanted, fetched(tmp_path, wanted))


def test_apply__what_the_daemon_dumps_is_no_toml__is_refused(
    usual: FakeNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usual.daemon, "dump", lambda _: Completed(0, "= no"))
    wanted = document(shim("light"))
    with pytest.raises(RefusedError, match="prints is no TOML"):
        apply(usual.host, wanted, fetched(tmp_path, wanted))
