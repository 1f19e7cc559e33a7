"""Binaries are tried before anything is changed."""

from pathlib import Path

import pytest

from unit.installer.documents import artifacts, crun, document, fetched, shim
from unit.installer.fake_host.node import FakeNode
from unit.installer.programs import elf
from wasmwright_installer.apply.run import apply
from wasmwright_installer.contract import (
    HostBinary,
    Source,
)
from wasmwright_installer.errors import (
    ArtifactError,
)
from wasmwright_installer.host.commands import Completed


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Completed(127, stderr="not found"), "NotExecutable"),
        (Completed(126, stderr="Exec format error"), "NotExecutable"),
        (Completed(126, stderr="Permission denied"), "ExecutionDenied"),
        (Completed(124, stderr="no end after 30 s"), "ProbeTimedOut"),
        (Completed(-4, stderr="newer CPU"), "ProbeCrashed"),
    ],
    ids=["127", "126", "denied", "hangs", "newer CPU"],
)
def test_apply__binary_cannot_be_executed__leaves_every_byte_as_it_was(
    usual: FakeNode, tmp_path: Path, answer: Completed, reason: str
) -> None:
    wanted = document(shim("light"))
    digest = wanted.runtimes[0].source.http.sha256 if wanted.runtimes[0].source.http else ""
    path = f"/opt/wasmwright/store/{digest}/containerd-shim-light-v1"
    usual.commands.answers[path] = answer
    before = usual.tree()
    with pytest.raises(ArtifactError, match=answer.stderr) as caught:
        apply(usual.host, wanted, fetched(tmp_path, wanted))
    assert caught.value.reason == reason
    assert usual.tree() == before


NOEXEC = b"22 1 254:0 / / rw - ext4 a rw\n23 22 0:5 / /opt rw,noexec - tmpfs b rw\n"


@pytest.mark.parametrize(
    ("content", "mountinfo", "reason", "match"),
    [
        (elf(9999), b"", "WrongArchitecture", "built for machine 9999"),
        (elf(loader="/lib/ld-musl.so.1"), b"", "MissingLoader", "/lib/ld-musl.so.1.*C library"),
        (b"#!/bin/none\n", b"", "MissingInterpreter", "script for /bin/none"),
        (b"<html>", b"", "NotExecutable", "neither an ELF"),
        (elf(), NOEXEC, "NoExecMount", r"lies on /opt \(tmpfs\).*remount,exec /opt"),
    ],
    ids=["architecture", "loader", "interpreter", "no program", "noexec"],
)
def test_apply__binary_that_cannot_run__is_never_started_and_leaves_every_byte_as_it_was(
    usual: FakeNode, tmp_path: Path, content: bytes, mountinfo: bytes, reason: str, match: str
) -> None:
    wanted = document(shim("light", content=content))
    folder = artifacts(tmp_path / "artifacts", *wanted.runtimes, contents={"light": content})
    usual.put("/proc/1/mountinfo", mountinfo)
    before = usual.tree()
    with pytest.raises(ArtifactError, match=f"^/opt/.*of runtime 'light' .*{match}") as caught:
        apply(usual.host, wanted, folder)
    assert caught.value.reason == reason
    assert usual.tree() == before
    assert not [line for line in usual.commands.log if line.startswith("/opt")]


def test_apply__loader_is_behind_a_symlink_of_the_host__is_found(
    usual: FakeNode, tmp_path: Path
) -> None:
    content = elf(loader="/lib64/ld.so")
    usual.put("/usr/lib64/ld.so", content)
    usual.link("/lib64", "/usr/lib64")
    wanted = document(shim("light", content=content))
    folder = artifacts(tmp_path / "artifacts", *wanted.runtimes, contents={"light": content})
    assert apply(usual.host, wanted, folder).changed


def test_apply__binary_answers_with_another_code__is_only_a_warning(
    usual: FakeNode, tmp_path: Path
) -> None:
    wanted = document(shim("light"))
    digest = wanted.runtimes[0].source.http.sha256 if wanted.runtimes[0].source.http else ""
    path = f"/opt/wasmwright/store/{digest}/containerd-shim-light-v1"
    usual.commands.answers[path] = Completed(2, stderr="usage")
    result = apply(usual.host, wanted, fetched(tmp_path, wanted))
    assert result.warnings == (f"{path} -v ended with code 2: usage",)


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        (Completed(0, "crun version 1.8\n+SYSTEMD\n"), r"expected '\+WASM'"),
        (Completed(1, "+WASM"), "ended with code 1"),
    ],
    ids=["text is missing", "code"],
)
def test_apply__probe_of_a_host_binary_fails__is_refused(
    usual: FakeNode, answer: Completed, match: str
) -> None:
    usual.commands.answers["/usr/bin/crun"] = answer
    before = usual.tree()
    with pytest.raises(ArtifactError, match=match) as caught:
        apply(usual.host, document(crun()), None)
    assert caught.value.reason == "ProbeFailed"
    assert usual.tree() == before


def test_apply__host_binary_is_missing__is_refused(usual: FakeNode) -> None:
    (usual.root / "usr/bin/crun").unlink()
    with pytest.raises(ArtifactError, match="install the package") as caught:
        apply(usual.host, document(crun()), None)
    assert caught.value.reason == "HostBinaryMissing"


def test_apply__fetched_file_was_changed__is_refused(usual: FakeNode, tmp_path: Path) -> None:
    wanted = document(shim("light"))
    folder = fetched(tmp_path, wanted)
    next(folder.glob("*/containerd-shim-light-v1")).write_bytes(b"#!/bin/sh\nrm -rf /\n")
    before = usual.tree()
    with pytest.raises(ArtifactError, match="changed since it was fetched"):
        apply(usual.host, wanted, folder)
    assert usual.tree() == before


def test_apply__nothing_was_fetched__says_so(usual: FakeNode) -> None:
    with pytest.raises(ArtifactError, match="run fetch") as caught:
        apply(usual.host, document(shim("light")), None)
    assert caught.value.reason == "ArtifactMissing"


def test_apply__host_binary_without_a_probe__only_has_to_start(usual: FakeNode) -> None:
    entry = crun()
    source = Source(host_path=HostBinary(path="/usr/bin/crun"))
    unprobed = entry.model_copy(update={"source": source})
    usual.commands.answers["/usr/bin/crun"] = Completed(1, stderr="odd")
    result = apply(usual.host, document(unprobed), None)
    assert result.warnings == ("/usr/bin/crun --version ended with code 1: odd",)
