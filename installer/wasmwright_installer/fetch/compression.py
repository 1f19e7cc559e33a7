"""What a compressed file holds, by its first bytes, and never more of it than is allowed."""

import bz2
import gzip
import lzma
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from wasmwright_installer.errors import ArtifactError

DAMAGES = (zstd.ZstdError,)
"""What reading a damaged file may raise besides errors of the standard library."""

_FORMATS: dict[bytes, Callable[[Path], object]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"\x28\xb5\x2f\xfd": zstd.open,
}


def opened(path: Path) -> BinaryIO:
    """Open a file to be read uncompressed."""
    with path.open("rb") as file:
        first = file.read(8)
    for magic, read in _FORMATS.items():
        if first.startswith(magic):
            return cast("BinaryIO", read(path))  # each module has a type of its own for it
    return path.open("rb")


class Bounded:
    """Reads from a file as long as no more than so many bytes come of it."""

    def __init__(self, file: BinaryIO, limit: int, runtime: str) -> None:
        self._file = file
        self._left = limit
        self._limit = limit
        self._runtime = runtime

    def read(self, count: int) -> bytes:
        """Return up to `count` bytes. Raises ArtifactError when that is more than allowed."""
        content = self._file.read(count)
        self._left -= len(content)
        if self._left < 0:
            raise ArtifactError(
                f"runtime {self._runtime!r}: the archive unpacks to more than {self._limit} bytes "
                "before its binary is found; is it the right file?",
                reason="MemberNotFound",
            )
        return content
