"""The base image where no registry is reachable, made of a Debian root file system."""

import hashlib
from pathlib import Path
from typing import Final

from localcluster import commands, rootfs
from localcluster.progress import Progress

_NOT_NEEDED: Final = (
    "./usr/bin/perl*",
    "./usr/lib/*/gconv",
    "./usr/lib/*/perl-base",
    "./usr/share/bash-completion",
    "./usr/share/doc",
    "./usr/share/info",
    "./usr/share/locale",
    "./usr/share/man",
    "./usr/share/perl5",
    "./var/cache",
    "./var/lib/apt",
    "./var/log",
)
"""What no Python program reads: 40 of 100 MB compressed."""


def root_file_system(progress: Progress) -> Path:
    """Return the Debian root file system with Python."""
    return rootfs.ensure(rootfs.PYTHON_BASE, progress=progress)


def reference(root: Path) -> str:
    """Return the name of the base image made of a root file system."""
    cut = hashlib.sha256("\0".join(_NOT_NEEDED).encode()).hexdigest()[:6]
    return f"localhost/wasmwright/{root.name}:{cut}"


def pack(root: Path, archive: Path) -> None:
    """Write the root file system as a tar, without what no Python program reads."""
    excludes = [f"--exclude={pattern}" for pattern in _NOT_NEEDED]
    commands.run(
        *("tar", "--create", "--one-file-system", "--file", str(archive)),
        *("--directory", str(root), *excludes, "."),
    )
