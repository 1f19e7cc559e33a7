"""What is left in the directory, out of which downloads, and what is not downloaded at all."""

import hashlib
from pathlib import Path

import pytest

from unit.installer.documents import crun, document, shim
from unit.installer.fetch.downloads import LIMITS, NAME, SCRIPT, archive, fetch, files_in, wanted
from unit.installer.fetch.server import Server
from wasmwright_installer.contract import Manifest, NodeDocument, RuntimeEntry
from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.fetch import FetchLimits


@pytest.mark.parametrize(
    ("content", "path"),
    [
        (SCRIPT, ""),
        (archive((f"./{NAME}", SCRIPT)), NAME),
        (archive((NAME, SCRIPT)), f"./{NAME}"),
        (archive(("README", b"x"), (f"bin/{NAME}", SCRIPT)), f"bin/{NAME}"),
        (archive((NAME, SCRIPT), mode="w"), NAME),
        (archive((NAME, SCRIPT), mode="w:xz"), NAME),
    ],
    ids=["bare", "dot slash", "dot slash in the document", "folder", "tar", "tar.xz"],
)
def test_fetch__good_artifact__leaves_the_binary_and_the_manifest(
    server: Server, tmp_path: Path, content: bytes, path: str
) -> None:
    document = wanted(server, content, path=path)
    manifest = fetch(document, tmp_path, LIMITS)
    key = document.runtimes[0].source.key
    binary = tmp_path / key / NAME
    assert binary.read_bytes() == SCRIPT
    assert binary.stat().st_mode & 0o7777 == 0o755
    assert files_in(tmp_path) == sorted([f"{key}/{NAME}", "manifest.json"])
    assert Manifest.model_validate_json((tmp_path / "manifest.json").read_bytes()) == manifest
    assert manifest.artifacts[key].sha256 == hashlib.sha256(SCRIPT).hexdigest()
    assert manifest.artifacts[key].size == len(SCRIPT)


def test_fetch__two_runtimes_of_one_archive__get_each_their_own(
    server: Server, tmp_path: Path
) -> None:
    other = b"#!/bin/sh\nexec false\n"
    content = archive(("light", SCRIPT), ("heavy", other))
    light, heavy = (wanted(server, content, path=path).runtimes[0] for path in ("light", "heavy"))
    manifest = fetch(NodeDocument(runtimes=(light, _as_other(heavy))), tmp_path, LIMITS)
    found = {key: (tmp_path / it.file).read_bytes() for key, it in manifest.artifacts.items()}
    assert found == {light.source.key: SCRIPT, heavy.source.key: other}


def _as_other(entry: RuntimeEntry) -> RuntimeEntry:
    handler = entry.handler.model_copy(update={"handler": "heavy"})
    return entry.model_copy(update={"name": "heavy", "handler": handler})


def test_fetch__second_time__downloads_nothing(server: Server, tmp_path: Path) -> None:
    document = wanted(server, SCRIPT)
    first = fetch(document, tmp_path, LIMITS)
    assert fetch(document, tmp_path, LIMITS) == first
    assert len(server.ranges) == 1


def test_fetch__binary_was_damaged_since__downloads_it_again(
    server: Server, tmp_path: Path
) -> None:
    document = wanted(server, SCRIPT)
    fetch(document, tmp_path, LIMITS)
    next(tmp_path.glob(f"*/{NAME}")).write_bytes(b"#!/bin/sh\nother\n")
    fetch(document, tmp_path, LIMITS)
    assert next(tmp_path.glob(f"*/{NAME}")).read_bytes() == SCRIPT


def test_fetch__wrong_digest__unpacks_nothing_and_keeps_nothing(
    server: Server, tmp_path: Path
) -> None:
    document = wanted(server, archive((NAME, SCRIPT)), path=NAME, digest="0" * 64)
    with pytest.raises(ArtifactError, match=f"the document says {'0' * 64}") as caught:
        fetch(document, tmp_path, LIMITS)
    assert caught.value.reason == "DigestMismatch"
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "path", "match"),
    [
        (archive(("other", SCRIPT)), NAME, "no member"),
        (archive((f"../{NAME}", SCRIPT)), NAME, "no member"),
        (archive((f"/{NAME}", SCRIPT)), NAME, "no member"),
        (archive((f"x/{NAME}", SCRIPT)), NAME, "no member"),
        (archive((NAME, "/etc/passwd")), NAME, "no regular file"),
        (SCRIPT, NAME, "no readable archive"),
        (archive((NAME, SCRIPT))[:-30], NAME, "no readable archive"),
        (archive((NAME, bytes(3000)), mode="w:xz"), NAME, "larger than 2000 bytes"),
    ],
    ids=["missing", "parent", "absolute", "folder", "symlink", "no archive", "cut", "bomb"],
)
def test_fetch__member_is_not_what_was_named__is_refused(
    server: Server, tmp_path: Path, content: bytes, path: str, match: str
) -> None:
    document = wanted(server, content, path=path)
    with pytest.raises(ArtifactError, match=match) as caught:
        fetch(document, tmp_path, FetchLimits(size=2000))
    assert caught.value.reason == "MemberNotFound"
    assert not list(tmp_path.rglob(NAME))


def test_fetch__host_binaries__need_no_download(tmp_path: Path) -> None:
    assert fetch(document(crun()), tmp_path, LIMITS).artifacts == {}
    assert files_in(tmp_path) == ["manifest.json"]


def test_fetch__artifact_is_in_the_nodes_store__is_left_out(tmp_path: Path) -> None:
    entry = shim("light")
    assert entry.source.http is not None
    known = document(entry).model_copy(update={"stored": (entry.source.http.sha256,)})
    assert fetch(known, tmp_path, LIMITS).artifacts == {}


def test_fetch__no_space__is_told(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("wasmwright_installer.fetch.place.write", full)
    with pytest.raises(ArtifactError, match=f"No space left on device in {tmp_path}"):
        fetch(wanted(server, SCRIPT), tmp_path, LIMITS)
