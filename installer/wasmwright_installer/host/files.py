"""Files of one host, under a given root: read, written atomically, led through its own symlinks.

A symlink is followed when a file is written too, so that what is configured stays where it is.
"""

import contextlib
import itertools
import os
import shutil
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

from wasmwright_installer.host import atomic
from wasmwright_installer.host.symlinks import resolve
from wasmwright_installer.host.write_errors import explained

_ABSENT = (FileNotFoundError, NotADirectoryError, ProcessLookupError)
"""The last is what /proc says of a process that has just ended."""


class HostFiles:
    """The file system of a host whose `/` is found at `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._is_ours = root == Path("/")
        """Whether the host's paths are ours too, so that the kernel can lead them."""

    def local(self, path: str, *, follow: bool = True) -> Path:
        """Return where a path of the host lies for us; absolute symlinks stay below the root."""
        if self._is_ours and follow:
            return Path(path)
        return resolve(self.root, path, follow=follow)

    def place(self, path: str) -> Path:
        """Return where the file itself lies for us: where a write of this path has to happen."""
        return Path(os.path.realpath(path)) if self._is_ours else self.local(path)

    def real(self, path: str) -> str:
        """Return a path of the host without symlinks, as the kernel shows it of a process."""
        return f"/{self.place(path).relative_to(self.root)}"

    def free_bytes(self, path: str) -> int:
        """Return how much a path's file system takes, without what it keeps back for root."""
        place = self.place(path)
        space = os.statvfs(next(each for each in (place, *place.parents) if each.exists()))
        return space.f_bavail * space.f_frsize

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None if there is no such file."""
        try:
            return self.local(path).read_bytes()
        except _ABSENT:
            return None

    def read_text(self, path: str) -> str:
        """Return a file's content as text, "" if there is no such file or it cannot be read."""
        try:
            return (self.read(path) or b"").decode(errors="replace")
        except OSError:
            return ""

    def exists(self, path: str) -> bool:
        """Tell whether a path leads to something."""
        return self.local(path).exists()

    def names(self, folder: str) -> list[str]:
        """Return what a directory holds, sorted; nothing if it does not exist."""
        try:
            return sorted(entry.name for entry in self.local(folder).iterdir())
        except _ABSENT:
            return []

    def below(self, folder: str) -> list[str]:
        """Return every file of a directory and of those in it, in the order of a walk by name."""
        found = []
        for name in self.names(folder):
            path = f"{folder}/{name}"
            is_folder = self.local(path, follow=False).is_dir()
            found += self.below(path) if is_folder else [path]
        return found

    def glob(self, pattern: str) -> list[str]:
        """Return the paths that a glob matches on the host, sorted as containerd sorts them."""
        parts = [part for part in pattern.split("/") if part]
        found = [""]
        for part in parts:
            found = [
                f"{folder}/{name}" for folder in found for name in self._matching(folder, part)
            ]
        return sorted(path for path in found if self.exists(path))

    def _matching(self, folder: str, part: str) -> list[str]:
        if "*" not in part:
            return [part]
        return [name for name in self.names(folder or "/") if fnmatchcase(name, part)]

    def link_target(self, path: str) -> str | None:
        """Return what a symlink says, or None if the path is no symlink."""
        try:
            return str(self.local(path, follow=False).readlink())
        except OSError:
            return None

    def write(self, path: str, content: bytes, *, mode: int = 0o644) -> None:
        """Replace or create a file atomically."""
        self.prepare(path, content, mode=mode)
        self.switch(path)

    def write_stream(self, path: str, fill: Callable[[int], None], *, mode: int = 0o644) -> None:
        """Replace or create a file atomically with what `fill` writes to a descriptor."""
        self.prepare_stream(path, fill, mode=mode)
        self.switch(path)

    def prepare(self, path: str, content: bytes, *, mode: int = 0o644) -> None:
        """Put a file's new content beside it, where it only waits for `switch`.

        All that needs space happens here, so that a change of several files can be prepared as a
        whole before the first of them is seen.
        """
        self.prepare_stream(
            path, lambda descriptor: atomic.write_all(descriptor, content), mode=mode
        )

    def prepare_stream(self, path: str, fill: Callable[[int], None], *, mode: int = 0o644) -> None:
        """Put what `fill` writes to a descriptor beside a file."""
        place = self.place(path)
        with explained(self.root, path, place):
            atomic.prepare(place, fill, mode)

    def switch(self, path: str) -> None:
        """Give what was prepared for a file its name, by one rename."""
        self._switch(path, self.place(path))

    def link(self, path: str, target: str) -> None:
        """Make a path a symlink, replacing what is there by rename."""
        self.prepare_link(path, target)
        self.switch_link(path)

    def prepare_link(self, path: str, target: str) -> None:
        """Put a symlink beside a path, where it only waits for `switch_link`."""
        place = self.local(path, follow=False)
        with explained(self.root, path, place):
            atomic.prepare_link(place, target)

    def switch_link(self, path: str) -> None:
        """Give a symlink that was prepared its name, by one rename."""
        self._switch(path, self.local(path, follow=False))

    def _switch(self, path: str, place: Path) -> None:
        with explained(self.root, path, place):
            atomic.switch(place)

    def discard_temporary(self, path: str) -> None:
        """Remove what a run that was killed in the middle of a write left beside a file."""
        for place in {self.place(path), self.local(path, follow=False)}:
            with explained(self.root, path, place):
                atomic.discard(place)

    def delete(self, path: str, *, follow: bool = False) -> None:
        """Remove a file or symlink, or what the symlink leads to; it may be gone already."""
        place = self.place(path) if follow else self.local(path, follow=False)
        with explained(self.root, path, place):
            atomic.delete(place)

    def missing_folders(self, folder: str) -> tuple[str, ...]:
        """Return which of a directory and its parents do not exist, outermost first."""
        parts = [part for part in folder.split("/") if part]
        paths = ("/" + "/".join(parts[:length]) for length in range(len(parts), 0, -1))
        missing = tuple(itertools.takewhile(lambda path: not self.exists(path), paths))
        return missing[::-1]

    def make_folders(self, folder: str) -> None:
        """Create a directory with its parents."""
        for path in self.missing_folders(folder):
            place = self.local(path)
            with explained(self.root, path, place):
                atomic.make_folder(place)

    def delete_empty_folder(self, folder: str) -> None:
        """Remove a directory if nothing is in it."""
        with contextlib.suppress(OSError):
            self.local(folder, follow=False).rmdir()

    def delete_tree(self, folder: str) -> None:
        """Remove a directory of ours with everything in it; symlinks are removed, not followed."""
        place = self.local(folder, follow=False)
        with explained(self.root, folder, place), contextlib.suppress(FileNotFoundError):
            shutil.rmtree(place)
