"""Photograph a node's files, to prove that a change was undone to the byte."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FileFact:
    """All of a file that wasmwright promises to leave as it was."""

    mode: int
    owner: tuple[int, int]
    content: str


def photograph(root: Path, *trees: str) -> dict[str, FileFact]:
    """Return every file, directory and link below `trees` of the node whose `/` is `root`."""
    found: dict[str, FileFact] = {}
    for tree in trees:
        top = root / tree.lstrip("/")
        for directory, names, files in os.walk(top):
            for name in (*names, *files):
                path = Path(directory) / name
                found[f"/{path.relative_to(root)}"] = _fact(path)
    return found


def _fact(path: Path) -> FileFact:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        content = f"-> {path.readlink()}"
    elif stat.S_ISREG(status.st_mode):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    else:
        content = ""
    return FileFact(status.st_mode, (status.st_uid, status.st_gid), content)
