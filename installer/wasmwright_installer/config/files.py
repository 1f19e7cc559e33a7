"""Configuration files as data: what is there, what would be there without us, what to write.

Two kinds of files matter: those that the daemon reads ("tree"), and those from which a supervisor
renders some of them at each start ("sources"). Where nothing is rendered the second kind is empty.
"""

import hashlib
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wasmwright_installer.errors import ConflictError

DROP_IN = "wasmwright.toml"
"""The name of our own file, wherever a layout of containerd puts it."""

CRIO_DROP_IN = "90-wasmwright.conf"
"""The name of our own file among CRI-O's, which takes them in the order of their names."""

_OWN = frozenset({DROP_IN, CRIO_DROP_IN})

HEADER = "# Written by wasmwright-installer, which rewrites and removes this file."

MADE = (
    "# Made by wasmwright-installer, which removes this file unless somebody else writes into it."
)
"""The first line of a main file that we made, there being none."""

_MADE_ALONE = re.compile(rb"%s\n(?:version = \d+\n)?" % re.escape(MADE.encode()))

Handlers = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What an earlier run left of a file."""

    path: str
    sha256: str
    """Of the bytes that we wrote."""
    original: bytes | None
    """The bytes before our first change; None = the file did not exist."""


@dataclass(frozen=True, slots=True)
class Present:
    """The configuration as it is now."""

    main: str
    tree: Mapping[str, bytes]
    """Every file that the daemon reads, in its order."""
    major: int
    records: Mapping[str, FileRecord]
    names: frozenset[str]
    """Every name that we declared, the default runtimes that we wrote out among them."""
    drop_in: bytes | None = None
    """Our own file beside the main one, even if nothing imports it."""
    sources: Mapping[str, bytes] = field(default_factory=dict)
    """Files that the daemon does not read itself, but from which others are rendered."""
    rendered: frozenset[str] = frozenset()
    """Files of the tree that a supervisor writes anew at each start: never written by us."""
    folder: str = ""
    """The directory whose files are all laid over the main one; empty where there is no such."""

    @property
    def writable(self) -> dict[str, bytes]:
        """Every file that may hold something of ours."""
        own = {path: content for path, content in self.tree.items() if path not in self.rendered}
        return own | dict(self.sources)


@dataclass(frozen=True, slots=True)
class Base:
    """The configuration as it would be without us."""

    tree: Mapping[str, bytes]
    sources: Mapping[str, bytes] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that holds something of ours, before or after."""

    path: str
    before: bytes | None
    after: bytes | None
    original: bytes | None

    @property
    def is_write(self) -> bool:
        """Whether the bytes differ from what is there."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class FilePlan:
    """The files to write, in an order in which each step leaves a valid configuration."""

    changes: tuple[FileChange, ...]
    tree: Mapping[str, bytes]
    """Every file that the daemon will read."""
    table: str
    names: frozenset[str]
    """Every name that these files declare for us."""
    reason: str
    warnings: tuple[str, ...]

    @property
    def writes(self) -> tuple[FileChange, ...]:
        """The changes that change bytes."""
        return tuple(change for change in self.changes if change.is_write)


def sha256(content: bytes) -> str:
    """Return the digest that files are compared by."""
    return hashlib.sha256(content).hexdigest()


def drop_in_path(main: str) -> str:
    """Return where our own file goes when no glob of the configuration reaches a place already."""
    return posixpath.join(posixpath.dirname(main), "conf.d", DROP_IN)


def has_own_name(path: str) -> bool:
    """Tell whether a file is called as ours are."""
    return posixpath.basename(path) in _OWN


def is_own_file(path: str, content: bytes) -> bool:
    """Tell our drop-in from a foreign file of the same name."""
    return has_own_name(path) and content.startswith(HEADER.encode())


def temporary_path(path: str) -> str:
    """Return where a file's new bytes wait for the rename that gives them their name.

    That is beside it, with one name for each file, so that a later run finds what a killed one
    left. A file of our own lies where all files may be read whatever they are called (CRI-O does
    so, containerd with an import that ends in `*`), so for it that is the directory above.
    """
    folder, name = posixpath.split(path)
    if name in _OWN:
        folder = posixpath.dirname(folder)
    return posixpath.join(folder, f".{name}.wasmwright-new")


def is_made(content: bytes) -> bool:
    """Tell whether a main file is one that we made and nobody else wrote into."""
    return _MADE_ALONE.fullmatch(content) is not None


def foreign_file(path: str) -> ConflictError:
    """Return what to say of a file that lies where ours should."""
    return ConflictError(
        f"{path} exists and was not written by wasmwright; move it away and run again",
        reason="ForeignFile",
    )


def changes_between(
    present: Present, base: Base, after: Mapping[str, bytes]
) -> tuple[FileChange, ...]:
    """Return what to write so that the writable files become `after`, in a safe order."""
    before = present.writable
    if present.drop_in is not None:
        before.setdefault(drop_in_path(present.main), present.drop_in)
    original = {**base.tree, **base.sources}
    changes = [
        FileChange(path, before.get(path), after.get(path), original.get(path))
        for path in sorted(before.keys() | after.keys())
        if not before.get(path) == after.get(path) == original.get(path)
    ]
    return tuple(sorted(changes, key=lambda change: _step(present, change)))


def _step(present: Present, change: FileChange) -> int:
    """Put writes before the main file, which makes them count, and removals behind it."""
    if change.path == present.main:
        return 1
    return 0 if change.after is not None else 2


def without_rendered(present: Present, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return those of some files that may be written."""
    return {path: content for path, content in files.items() if path not in present.rendered}
