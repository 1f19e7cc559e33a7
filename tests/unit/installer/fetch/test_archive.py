"""What is taken out of archives, and what never is."""

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.fetch.archive import extract
from wasmwright_installer.fetch.compression import zstd
from wasmwright_installer.fetch.limits import FetchLimits

WANTED = b"#!/bin/sh\nexec true\n"
LIMITS = FetchLimits()


def tar(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def zipped(*members: tuple[str, bytes], mode: int = stat.S_IFREG | 0o755) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def special(kind: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("bin/shim")
        info.type, info.linkname = kind, "/etc/passwd"
        archive.addfile(info)
    return buffer.getvalue()


def encrypted() -> bytes:
    content = bytearray(zipped(("bin/shim", WANTED)))
    for header in (b"PK\x03\x04", b"PK\x01\x02"):
        content[content.index(header) + (6 if header[2] == 3 else 8)] |= 1
    return bytes(content)


def taken(tmp_path: Path, content: bytes, path: str, limits: FetchLimits = LIMITS) -> bytes:
    archive, target = tmp_path / "archive", io.BytesIO()
    archive.write_bytes(content)
    extract("light", archive, path, target, limits)
    assert list(tmp_path.iterdir()) == [archive]
    return target.getvalue()


@pytest.mark.parametrize(
    "pack",
    [bytes, gzip.compress, bz2.compress, lzma.compress, zstd.compress],
    ids=["tar", "gzip", "bzip2", "xz", "zstd"],
)
def test_extract__member_of_a_tar__is_taken(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    content = pack(tar(("README", b"x" * 5000), ("./bin/shim", WANTED), ("bin/other", b"y")))
    assert taken(tmp_path, content, "bin/shim") == WANTED


@pytest.mark.parametrize("mode", [0, 0o755, stat.S_IFREG | 0o755])
def test_extract__member_of_a_zip__is_taken(tmp_path: Path, mode: int) -> None:
    content = zipped(("README", b"x"), ("bin/shim", WANTED), mode=mode)
    assert taken(tmp_path, content, "./bin/shim") == WANTED


@pytest.mark.parametrize("pack", [tar, zipped])
@pytest.mark.parametrize("name", ["../shim", "/shim", "x/../shim", "../../etc/shim"])
def test_extract__names_that_lead_elsewhere__are_not_what_was_named(
    tmp_path: Path, pack: Callable[..., bytes], name: str
) -> None:
    with pytest.raises(ArtifactError, match="no member 'shim'"):
        taken(tmp_path, pack((name, WANTED)), "shim")


@pytest.mark.parametrize(
    "content",
    [
        special(tarfile.SYMTYPE),
        special(tarfile.LNKTYPE),
        special(tarfile.FIFOTYPE),
        special(tarfile.CHRTYPE),
        special(tarfile.DIRTYPE),
        zipped(("bin/shim", b"/etc/passwd"), mode=stat.S_IFLNK | 0o777),
        zipped(("bin/shim", b""), mode=stat.S_IFDIR | 0o755),
        encrypted(),
    ],
    ids=["symlink", "hard link", "fifo", "device", "folder", "zip link", "zip folder", "encrypted"],
)
def test_extract__member_that_is_no_file__is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ArtifactError, match="is no regular file"):
        taken(tmp_path, content, "bin/shim")


@pytest.mark.parametrize("pack", [tar, zipped])
def test_extract__member_larger_than_allowed__is_refused(
    tmp_path: Path, pack: Callable[..., bytes]
) -> None:
    with pytest.raises(ArtifactError, match="larger than 10 bytes"):
        taken(tmp_path, pack(("shim", WANTED)), "shim", replace(LIMITS, size=10))


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress], ids=["gzip", "zstd"])
def test_extract__archive_unpacks_to_more_than_allowed__is_given_up(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    content = pack(tar(("zeros", bytes(1 << 20)), ("shim", WANTED)))
    with pytest.raises(ArtifactError, match="unpacks to more than 100000 bytes"):
        taken(tmp_path, content, "shim", replace(LIMITS, unpacked=100_000))


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!DOCTYPE html>",
        tar(("shim", bytes(9000)))[:3000],
        cut(gzip.compress(tar(("shim", WANTED)))),
        cut(bz2.compress(tar(("shim", WANTED)))),
        cut(lzma.compress(tar(("shim", WANTED)))),
        cut(zstd.compress(tar(("shim", WANTED)))),
        b"\x28\xb5\x2f\xfd" + bytes(100),
        b"\x1f\x8b" + bytes(100),
        cut(zipped(("shim", WANTED))),
        zipped(("shim", WANTED)).replace(b"\x08\x00", b"\x63\x00"),
    ],
    ids=[
        *("empty", "page", "tar", "gzip", "bzip2", "xz", "zstd", "bad zstd", "bad gzip", "zip"),
        "zip method",
    ],
)
def test_extract__damaged__is_told(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ArtifactError, match="no readable archive") as caught:
        taken(tmp_path, content, "shim")
    assert caught.value.reason == "MemberNotFound"
