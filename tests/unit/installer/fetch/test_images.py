"""What was taken out of images: the program that does it, and what `fetch` makes of it."""

import re
import subprocess
from pathlib import Path

import pytest

from wasmwright_installer.contract import (
    HandlerEntry,
    ImageArtifact,
    NodeDocument,
    RuntimeEntry,
    Source,
)
from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.fetch import Fetching, FetchLimits, fetch
from wasmwright_installer.fetch.copier import lay_out

SCRIPT = b"#!/bin/sh\nexec true\n"
REF = f"registry.example.com/wasm/light@sha256:{'c' * 64}"
ENTRY = RuntimeEntry(
    name="light",
    source=Source(image=ImageArtifact(ref=REF, path="/containerd-shim-light-v1")),
    handler=HandlerEntry(handler="light", binary="containerd-shim-light-v1"),
)
DOCUMENT = NodeDocument(runtimes=(ENTRY,))


def fetching(tmp_path: Path, **limits: int) -> Fetching:
    given = FetchLimits(**limits)
    return Fetching(tmp_path / "into", given, images=tmp_path / "images", machine="x86_64")


def put(tmp_path: Path, content: bytes) -> Path:
    file = tmp_path / "images" / ENTRY.source.key / "file"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    return file


def test_fetch__file_of_an_image__is_handed_on_and_stays(tmp_path: Path) -> None:
    file = put(tmp_path, SCRIPT)
    manifest = fetch(DOCUMENT, fetching(tmp_path))
    found = manifest.artifacts[ENTRY.source.key]

    assert (tmp_path / "into" / found.file).read_bytes() == SCRIPT
    assert (tmp_path / "into" / found.file).stat().st_mode & 0o777 == 0o755
    assert file.read_bytes() == SCRIPT


def refusal(given: Fetching) -> ArtifactError:
    with pytest.raises(ArtifactError, match="runtime 'light'") as caught:
        fetch(DOCUMENT, given)
    assert [path for path in given.folder.rglob("*") if path.is_file()] == []
    return caught.value


def test_fetch__nobody_took_the_file_out__is_told(tmp_path: Path) -> None:
    assert refusal(fetching(tmp_path)).reason == "ImageFileMissing"
    put(tmp_path, SCRIPT)
    without = Fetching(tmp_path / "into", FetchLimits(), machine="x86_64")
    assert "name the directory with --images" in refusal(without).message


def test_fetch__file_of_an_image_is_no_program__is_refused(tmp_path: Path) -> None:
    put(tmp_path, b"<html>")
    assert refusal(fetching(tmp_path)).reason == "NotExecutable"


def test_fetch__file_of_an_image_is_too_large__is_refused(tmp_path: Path) -> None:
    put(tmp_path, SCRIPT)
    assert refusal(fetching(tmp_path, size=len(SCRIPT) - 1)).reason == "MemberNotFound"


def run(folder: Path, *arguments: str) -> str:
    loader = [str(folder / "loader"), "--library-path", str(folder / "lib")]
    done = subprocess.run(
        [*loader, *arguments], capture_output=True, text=True, check=True, env={}, cwd=folder
    )
    return done.stdout


def test_copier__wherever_it_lies__copies_with_nothing_from_elsewhere(tmp_path: Path) -> None:
    lent = tmp_path / "lent"
    lay_out(lent)
    (tmp_path / "shim").write_bytes(SCRIPT)
    run(lent, str(lent / "dd"), f"if={tmp_path}/shim", f"of={tmp_path}/file", "bs=1M")

    assert (tmp_path / "file").read_bytes() == SCRIPT
    libraries = re.findall(r" => (\S+)", run(lent, "--list", str(lent / "dd")))
    assert libraries
    assert all(library.startswith(f"{lent}/") for library in libraries)


def test_copier__system_has_none__is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ArtifactError, match="GNU coreutils") as caught:
        lay_out(tmp_path / "lent")
    assert caught.value.reason == "CopierMissing"
