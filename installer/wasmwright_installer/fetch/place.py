"""Files that are seen whole or not at all."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class Written:
    """What a file came to hold."""

    sha256: str
    size: int
    """Bytes."""
    head: bytes
    """The first bytes, at most 4096."""


def write(
    path: Path,
    fill: Callable[[BinaryIO], None],
    mode: int,
    accept: Callable[[Written], None] = lambda _: None,
) -> Written:
    """Let `fill` write a file, and give it its name if `accept` does not refuse it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    try:
        with temporary.open("w+b") as file:
            os.fchmod(file.fileno(), mode)
            fill(file)
            file.flush()
            os.fsync(file.fileno())
            written = _look_at(file)
        accept(written)
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
    return written


def _look_at(file: BinaryIO) -> Written:
    file.seek(0)
    head = file.read(4096)
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # readable
    return Written(digest, file.tell(), head)
