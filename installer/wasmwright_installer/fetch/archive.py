"""The one file that is wanted of an archive; nothing else of it is ever written.

The archive has the right digest, but whoever made it may not have meant well: what it unpacks to
is bounded, its names lead nowhere since the file gets the name that we give it, and links are
refused.
"""

import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.fetch.compression import DAMAGES, Bounded, opened
from wasmwright_installer.fetch.limits import FetchLimits

_ZIP = b"PK\x03\x04"
_DAMAGES = (
    *DAMAGES,
    tarfile.TarError,
    zipfile.BadZipFile,
    NotImplementedError,
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
)


def extract(runtime: str, archive: Path, path: str, target: BinaryIO, limits: FetchLimits) -> None:
    """Write a regular file of a tar (plain, gzip, bzip2, xz, zstd) or zip archive into `target`.

    Args:
        runtime: whose archive it is.
        archive: the file, with the right digest.
        path: the member's exact name, with or without a leading `./`.
        target: where its bytes go.
        limits: what it may unpack to.

    Raises:
        ArtifactError: no such member, or it is no regular file within the limits.
    """
    name = path.removeprefix("./")
    with archive.open("rb") as file:
        is_zip = file.read(len(_ZIP)) == _ZIP
    try:
        source = _from_zip if is_zip else _from_tar
        found = source(runtime, archive, name, target, limits)
    except _DAMAGES as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the disk; what is wrong in the bytes has no number
        raise _refusal(
            f"runtime {runtime!r}: the download is no readable archive, tar or zip ({error}); "
            "leave path empty if it is the binary itself",
        ) from error
    if not found:
        raise _refusal(
            f"runtime {runtime!r}: the archive has no member {path!r}; correct the source's path"
        )


def _from_tar(
    runtime: str, archive: Path, name: str, target: BinaryIO, limits: FetchLimits
) -> bool:
    with opened(archive) as plain:
        bounded = Bounded(plain, limits.unpacked, runtime)
        # A stream is only read, whatever else the stubs want of a file.
        with tarfile.open(fileobj=bounded, mode="r|") as tar:  # type: ignore[call-overload]
            for info in tar:
                if info.name.removeprefix("./") != name:
                    continue
                _refuse_member(runtime, name, info.size, limits, is_file=info.isfile())
                file = tar.extractfile(info)
                assert file is not None  # noqa: S101  # regular files have content
                shutil.copyfileobj(file, target)
                return True
    return False


def _from_zip(
    runtime: str, archive: Path, name: str, target: BinaryIO, limits: FetchLimits
) -> bool:
    with zipfile.ZipFile(archive) as opened_zip:
        for info in opened_zip.infolist():
            if info.filename.removeprefix("./") != name:
                continue
            kind = stat.S_IFMT(info.external_attr >> 16)
            is_file = kind in {0, stat.S_IFREG} and not info.is_dir() and not info.flag_bits & 1
            _refuse_member(runtime, name, info.file_size, limits, is_file=is_file)
            with opened_zip.open(info) as file:
                shutil.copyfileobj(file, target)
            return True
    return False


def _refuse_member(
    runtime: str, name: str, size: int, limits: FetchLimits, *, is_file: bool
) -> None:
    if not is_file or size > limits.size:
        what = f"is larger than {limits.size} bytes" if is_file else "is no regular file"
        raise _refusal(
            f"runtime {runtime!r}: member {name!r} of the archive {what}; "
            "name the binary itself in the source's path"
        )


def _refusal(message: str) -> ArtifactError:
    return ArtifactError(message, reason="MemberNotFound")
