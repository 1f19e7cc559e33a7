"""Handlers that somebody else declares: adopted, left alone, or a conflict."""

from pathlib import Path

import pytest

from unit.installer.documents import SPIN, crun, document, fetched, shim
from unit.installer.fake_host import MAIN, MAIN_V2, make_node
from wasmwright_installer.apply.run import apply
from wasmwright_installer.errors import (
    ConflictError,
)


def test_apply__equal_handler_of_somebody_else__is_adopted_and_never_removed(
    tmp_path: Path,
) -> None:
    table = b"""
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun]
  runtime_type = "io.containerd.runc.v2"
  pod_annotations = ["module.wasm.image/*"]
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun.options]
    BinaryName = "/usr/bin/crun"
    SystemdCgroup = true
"""
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + table)
    before = node.tree()
    result = apply(node.host, document(crun()), None)
    assert (result.changed, result.restarted) == (False, False)
    assert result.runtimes[0].message == "declared by somebody else, adopted"
    apply(node.host, document(), None)
    assert node.daemon.restarts == 0
    assert {k: v for k, v in node.tree().items() if "containerd" in k} == {
        k: v for k, v in before.items() if "containerd" in k
    }


def test_apply__different_handler_of_somebody_else__is_a_conflict_with_its_line(
    tmp_path: Path,
) -> None:
    table = b"""
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun]
  runtime_type = "io.containerd.kata.v2"
"""
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + table)
    before = node.tree()
    with pytest.raises(ConflictError, match=rf"handler 'crun' .* {MAIN}:10 as .*kata"):
        apply(node.host, document(crun()), None)
    assert node.tree() == before


def test_apply__handler_declared_ahead_that_somebody_else_has__is_left_alone(
    tmp_path: Path,
) -> None:
    table = b"""
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.spin]
  runtime_type = "io.containerd.spin.v2"
"""
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + table)
    wanted = document(shim("light"), declared=(SPIN,))
    apply(node.host, wanted, fetched(tmp_path, wanted))
    assert node.daemon.loaded["spin"] == {"runtime_type": "io.containerd.spin.v2"}


def test_apply__handler_of_somebody_else_is_not_loaded_yet__is_a_conflict(tmp_path: Path) -> None:
    table = b"""
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun]
  runtime_type = "io.containerd.kata.v2"
"""
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2)
    node.put(MAIN, MAIN_V2 + table)
    with pytest.raises(ConflictError, match="and not loaded yet"):
        apply(node.host, document(crun()), None)


def test_apply__somebody_declared_our_very_link__is_adopted_and_linked(tmp_path: Path) -> None:
    table = b"""
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.light]
  runtime_type = "/opt/wasmwright/bin/light/containerd-shim-light-v1"
"""
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + table)
    wanted = document(shim("light"))
    result = apply(node.host, wanted, fetched(tmp_path, wanted))
    assert (result.changed, result.restarted) == (True, False)
    assert node.files.exists("/opt/wasmwright/bin/light/containerd-shim-light-v1")
    apply(node.host, document(), None)
    assert node.read(MAIN) == MAIN_V2 + table
    assert "light" in node.daemon.loaded
