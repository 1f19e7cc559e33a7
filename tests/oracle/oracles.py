"""Daemons of many versions, asked what a node's files mean to them.

A question is asked where the files are: a mount namespace has the node's `/etc`, `/run` and `/var`
in place of this machine's, so absolute imports, relative ones and symlinks mean what they say.
"""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest

from localcluster import binaries, components, rootfs
from oracle.place import TOPS, run_in_place
from wasmwright_installer.config.dump import Dump
from wasmwright_installer.detect.daemon import Version, parse_version

_DEBIAN = "1.7 of Debian"
_OF_THE_CLUSTER = (_DEBIAN, "2.4")
ALL = ("1.6", _DEBIAN, "1.7", "2.0", "2.1", "2.2", "2.3.4", "2.3", "2.4")


@dataclass(frozen=True)
class Answer:
    """What one `config dump` said; it is read once, and nobody may change what was read."""

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        return self.dump.document

    @cached_property
    def dump(self) -> Dump:
        assert self.code == 0, self.stderr
        return Dump.parse(self.stdout, self.stderr)


@dataclass(frozen=True, slots=True)
class Oracle:
    """One daemon. Its answers are kept: the same files always get the same one."""

    name: str
    binary: Path
    version: Version
    answers: dict[str, Answer] = field(default_factory=dict, compare=False, repr=False)

    @property
    def release(self) -> tuple[int, int]:
        return self.version.major, self.version.minor

    def reads(self, root: Path, main: str) -> Answer:
        """Ask for the configuration of the node whose `/` is at `root`, main file or none."""
        if not os.path.lexists(root / main.lstrip("/")):
            return self._ask(root, "config", "default")
        return self._ask(root, "-c", main, "config", "dump")

    def reads_staged(self, root: Path, folder: str, main: str) -> Answer:
        """Ask for files that lie in a folder of the node, and not where they are to be."""
        return self._ask(root, "-c", f"{folder}{main}", "config", "dump")

    def defaults(self, root: Path) -> str:
        """Return what `containerd config default` prints, which people save as their main file."""
        return self._ask(root, "config", "default").stdout

    def _ask(self, root: Path, *arguments: str) -> Answer:
        files = repr((arguments, sorted(content_of(root).items())))
        key = hashlib.sha256(files.encode()).hexdigest()
        if key not in self.answers:
            done = run_in_place(root, [self.binary, *arguments])
            self.answers[key] = Answer(done.returncode, done.stdout, done.stderr)
        return self.answers[key]


def content_of(root: Path, tops: tuple[str, ...] = TOPS) -> dict[str, bytes | str]:
    """Return every file of a node with its bytes, and every symlink with its target."""
    return {
        f"/{path.relative_to(root)}": str(path.readlink()) if path.is_symlink() else content
        for path, content in _files(root, tops)
    }


def _files(root: Path, tops: tuple[str, ...]) -> Iterator[tuple[Path, bytes]]:
    for top in tops:
        for path in (root / top).rglob("*"):
            if path.is_symlink() or path.is_file():
                yield path, path.read_bytes() if path.is_file() else b""


@cache
def oracle(name: str) -> Oracle:
    """Return a daemon, which is built if it is not in the cache."""
    binary = _binary(name)
    told = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
    return Oracle(name, binary, parse_version(told.stdout))


def _binary(name: str) -> Path:
    if name == _DEBIAN:
        return rootfs.ensure(rootfs.NODE) / "usr/bin/containerd"
    return binaries.ensure_component(components.component(f"containerd-{name}")) / "containerd"


def each(since: tuple[int, int] = (1, 6)) -> list[Any]:
    """Return the daemons of a release and later as parameters of a test.

    Those that no cluster needs are built only when they are asked for, by `make oracle`.
    """
    return [
        pytest.param(name, id=name, marks=() if name in _OF_THE_CLUSTER else pytest.mark.oracle)
        for name in ALL
        if released(name) >= since
    ]


def released(name: str) -> tuple[int, int]:
    """Return the minor version that an oracle's name stands for."""
    major, minor = name.split(" ", maxsplit=1)[0].split(".")[:2]
    return int(major), int(minor)
