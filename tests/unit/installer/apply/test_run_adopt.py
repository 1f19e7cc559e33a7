"""Handlers that somebody else declares: adopted, left alone, or a conflict."""

from pathlib import Path

import pytest

from unit.installer.documents import SPIN, crun, document, fetched, shim
from unit.installer.fake_host.containerd import MAIN
from unit.installer.fake_host.containerd_node import MAIN_V2, MAIN_V3, make_node
from unit.installer.mains import TYPE, G
from wasmwright_installer.apply.run import apply
from wasmwright_installer.contract import HostBinary, Source
from wasmwright_installer.errors import ArtifactError, ConflictError, RefusedError, RolledBackError
from wasmwright_installer.host.commands import Completed


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


CRUN = f"""
[{G}.containerd.runtimes.crun]
  runtime_type = "io.containerd.runc.v2"
  pod_annotations = ["module.wasm.image/*"]
  [{G}.containerd.runtimes.crun.options]
    BinaryName = "/usr/bin/crun"
    SystemdCgroup = true
""".encode()
KATA_AS_CRUN = f"""
[{G}.containerd.runtimes.crun]
  runtime_type = "io.containerd.kata.v2"
""".encode()


@pytest.mark.parametrize("damage", ["gone", "without wasm"])
def test_apply__binary_of_an_adopted_handler_is_not_what_is_wanted__is_refused(
    tmp_path: Path, damage: str
) -> None:
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + CRUN)
    if damage == "gone":
        node.files.delete("/usr/bin/crun")
    node.commands.answers["/usr/bin/crun"] = Completed(0, "crun version 1.8\n+SYSTEMD\n")
    before = node.tree()
    with pytest.raises(ArtifactError) as caught:
        apply(node.host, document(crun()), None)
    assert caught.value.reason == ("HostBinaryMissing" if damage == "gone" else "ProbeFailed")
    assert node.tree() == before


def test_apply__equal_handler_is_not_loaded_yet__is_adopted_with_a_restart(tmp_path: Path) -> None:
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2)
    node.put(MAIN, MAIN_V2 + CRUN)
    result = apply(node.host, document(crun()), None)
    assert (result.restarted, node.daemon.restarts) == (True, 1)
    assert node.read(MAIN) == MAIN_V2 + CRUN
    assert result.runtimes[0].message == "declared by somebody else, adopted"
    assert not apply(node.host, document(crun()), None).changed


def test_apply__equal_handler_does_not_get_loaded__is_tried_once(tmp_path: Path) -> None:
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2)
    node.put(MAIN, MAIN_V2 + CRUN)
    node.daemon.loses = "crun"
    with pytest.raises(RolledBackError, match="'crun' of somebody else is served as absent"):
        apply(node.host, document(crun()), None)
    assert node.read(MAIN) == MAIN_V2 + CRUN
    restarts = node.daemon.restarts
    with pytest.raises(RefusedError, match="made before"):
        apply(node.host, document(crun()), None)
    assert node.daemon.restarts == restarts


def test_apply__equal_handler_stands_in_a_table_that_nobody_reads__is_a_conflict(
    tmp_path: Path,
) -> None:
    node = make_node(tmp_path / "host", "2.4.2", MAIN_V3)
    node.put(MAIN, MAIN_V3 + CRUN)
    with pytest.raises(ConflictError, match=rf"{MAIN}:10 and not loaded yet"):
        apply(node.host, document(crun()), None)


def test_apply__different_handler_is_not_loaded_yet__is_a_conflict(tmp_path: Path) -> None:
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2)
    node.put(MAIN, MAIN_V2 + KATA_AS_CRUN)
    with pytest.raises(ConflictError, match="and not loaded yet"):
        apply(node.host, document(crun()), None)


def test_apply__equal_handler_is_served_but_gone_from_the_files__is_declared_by_us(
    tmp_path: Path,
) -> None:
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + CRUN)
    node.put(MAIN, MAIN_V2)
    result = apply(node.host, document(crun()), None)
    assert (result.restarted, result.runtimes[0].message) == (True, "")
    assert node.daemon.loaded["crun"]["options"]["BinaryName"] == "/opt/wasmwright/bin/crun/crun"
    apply(node.host, document(), None)
    assert node.read(MAIN) == MAIN_V2


def test_apply__different_handler_is_served_but_gone_from_the_files__is_a_conflict(
    tmp_path: Path,
) -> None:
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + KATA_AS_CRUN)
    node.put(MAIN, MAIN_V2)
    with pytest.raises(ConflictError, match=r"in no file that was found as .*kata"):
        apply(node.host, document(crun()), None)


@pytest.mark.parametrize(
    ("runtime_type", "path", "adopted"),
    [
        ("io.containerd.spin.v2", "/usr/local/bin/containerd-shim-spin-v2", True),
        ("/usr/local/bin/containerd-shim-spin-v2", "/usr/local/bin/containerd-shim-spin-v2", True),
        ("io.containerd.spin.v2", "/opt/vendor/containerd-shim-spin-v2", False),
        ("io.containerd.spin.v1", "/usr/local/bin/containerd-shim-spin-v2", False),
    ],
    ids=["by type", "by path", "not where containerd looks", "other version"],
)
def test_apply__vendors_shim__is_adopted_where_containerd_finds_the_documents_binary(
    tmp_path: Path, runtime_type: str, path: str, *, adopted: bool
) -> None:
    table = f'[{G}.containerd.runtimes.spin]\n  runtime_type = "{runtime_type}"\n'
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + table.encode())
    node.put(path, b"#!/bin/sh\n", mode=0o755)
    node.commands.answers[path] = Completed(0)
    source = Source(host_path=HostBinary(path=path))
    wanted = document(shim("spin").model_copy(update={"source": source}))
    if adopted:
        assert not apply(node.host, wanted, None).changed
        return
    with pytest.raises(ConflictError, match=rf"{MAIN}:9 as "):
        apply(node.host, wanted, None)


@pytest.mark.parametrize(
    "text",
    [
        f'[{G}.containerd.runtimes]\nrunc.{TYPE}\ncrun.runtime_type = "x.y"\n',
        f'[{G}.containerd]\nruntimes.runc.{TYPE}\nruntimes.crun.runtime_type = "x.y"\n',
        f'[{G}.containerd.runtimes]\nrunc = {{ {TYPE} }}\ncrun = {{ runtime_type = "x.y" }}\n',
    ],
    ids=["dotted", "dotted from above", "inline"],
)
def test_apply__handler_without_a_header_of_its_own__its_line_is_named(
    tmp_path: Path, text: str
) -> None:
    node = make_node(tmp_path / "host", "1.7.24", f"version = 2\n{text}".encode())
    with pytest.raises(ConflictError, match=rf"{MAIN}:4 as "):
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
