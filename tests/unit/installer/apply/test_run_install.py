"""Whole runs on a played host: install, again, more, less, and back to the first byte."""

from pathlib import Path

from unit.installer.documents import SPIN, artifacts, crun, document, fetched, shim
from unit.installer.fake_host.node import FakeNode
from wasmwright_installer.apply.run import apply
from wasmwright_installer.contract import (
    RuntimeState,
)


def test_apply__first_runtimes__are_served_after_one_restart(
    node: FakeNode, tmp_path: Path
) -> None:
    before = dict(node.daemon.loaded)
    wanted = document(shim("light"), crun(), declared=(SPIN,))
    result = apply(node.host, wanted, fetched(tmp_path, wanted))
    assert (result.exit_code, result.changed, result.restarted) == (0, True, True)
    assert node.daemon.restarts == 1
    assert node.daemon.loaded["runc"] == before["runc"]
    assert set(result.handlers) == {"runc", "light", "crun", "spin"}
    assert [(each.name, each.state) for each in result.runtimes] == [
        ("light", RuntimeState.READY),
        ("crun", RuntimeState.READY),
    ]
    assert (
        node.read("/opt/wasmwright/bin/light/containerd-shim-light-v1") == b"#!/bin/sh\n# light\n"
    )
    assert node.files.link_target("/opt/wasmwright/bin/crun/crun") == "/usr/bin/crun"


def test_apply__removed_again__leaves_every_byte_as_it_was(node: FakeNode, tmp_path: Path) -> None:
    before, loaded = node.tree(), dict(node.daemon.loaded)
    wanted = document(shim("light"), crun(), declared=(SPIN,))
    apply(node.host, wanted, fetched(tmp_path, wanted))
    result = apply(node.host, document(), None)
    assert result.reason == "Removed"
    assert {each.state for each in result.runtimes} == {RuntimeState.REMOVED}
    assert node.tree() == before
    assert node.daemon.loaded == loaded
    assert node.daemon.restarts == 2


def test_apply__second_run__changes_nothing(node: FakeNode, tmp_path: Path) -> None:
    wanted = document(shim("light"), crun())
    folder = fetched(tmp_path, wanted)
    apply(node.host, wanted, folder)
    before = node.tree()
    result = apply(node.host, wanted, folder)
    assert (result.changed, result.restarted, node.daemon.restarts) == (False, False, 1)
    assert node.tree() == before


def test_apply__second_run_without_artifacts__takes_what_the_store_has(
    usual: FakeNode, tmp_path: Path
) -> None:
    wanted = document(shim("light"))
    apply(usual.host, wanted, fetched(tmp_path, wanted))
    assert not apply(usual.host, wanted, None).changed


def test_apply__runtime_that_was_declared_ahead__needs_no_restart(
    usual: FakeNode, tmp_path: Path
) -> None:
    late = shim("late")
    first = document(shim("light"), declared=(late.handler,))
    apply(usual.host, first, fetched(tmp_path, first))
    both = document(shim("light"), late, declared=(late.handler,))
    result = apply(usual.host, both, fetched(tmp_path, both))
    assert (result.changed, result.restarted, usual.daemon.restarts) == (True, False, 1)
    assert usual.files.exists("/opt/wasmwright/bin/late/containerd-shim-late-v1")


def test_apply__one_of_two_leaves__keeps_its_handler_declared(
    usual: FakeNode, tmp_path: Path
) -> None:
    both = document(shim("light"), shim("late"))
    apply(usual.host, both, fetched(tmp_path, both))
    result = apply(usual.host, document(shim("light")), None)
    assert (result.changed, result.restarted, usual.daemon.restarts) == (True, False, 1)
    assert "late" in result.handlers
    assert usual.files.names("/opt/wasmwright/bin") == ["light"]
    assert len(usual.files.names("/opt/wasmwright/store")) == 1


def test_apply__other_binary__is_a_new_link_and_no_restart(usual: FakeNode, tmp_path: Path) -> None:
    old = document(shim("light"))
    apply(usual.host, old, fetched(tmp_path, old))
    new = document(shim("light", content=b"#!/bin/sh\n# newer\n"))
    folder = artifacts(tmp_path / "new", *new.runtimes, contents={"light": b"#!/bin/sh\n# newer\n"})
    result = apply(usual.host, new, folder)
    assert (result.changed, result.restarted) == (True, False)
    assert usual.read("/opt/wasmwright/bin/light/containerd-shim-light-v1").endswith(b"# newer\n")
    assert len(usual.files.names("/opt/wasmwright/store")) == 1


def test_apply__old_binary_still_runs__stays_in_the_store(usual: FakeNode, tmp_path: Path) -> None:
    old = document(shim("light"))
    apply(usual.host, old, fetched(tmp_path, old))
    digest = old.runtimes[0].source.http.sha256 if old.runtimes[0].source.http else ""
    usual.add_process(900, f"/opt/wasmwright/store/{digest}/containerd-shim-light-v1")
    new = document(shim("light", content=b"#!/bin/sh\n# newer\n"))
    folder = artifacts(tmp_path / "new", *new.runtimes, contents={"light": b"#!/bin/sh\n# newer\n"})
    apply(usual.host, new, folder)
    assert digest in usual.files.names("/opt/wasmwright/store")


def test_apply__shim_gets_another_handler_table__restarts_once_more(
    usual: FakeNode, tmp_path: Path
) -> None:
    plain = document(shim("light"))
    apply(usual.host, plain, fetched(tmp_path, plain))
    annotated = document(shim("light", pod_annotations=("a/*",)))
    result = apply(usual.host, annotated, fetched(tmp_path, annotated))
    assert (result.restarted, usual.daemon.restarts) == (True, 2)
    assert usual.daemon.loaded["light"]["pod_annotations"] == ["a/*"]


def test_apply__warning_of_an_option__is_in_the_result(usual: FakeNode, tmp_path: Path) -> None:
    wanted = document(shim("light", options={"SystemdCgroup": True}))
    result = apply(usual.host, wanted, fetched(tmp_path, wanted))
    assert "SystemdCgroup has no effect on a cgroup v1 node" in result.warnings[0]
