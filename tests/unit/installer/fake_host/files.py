"""A host's files at whose every change the process may die, or the disk take no more."""

import os
from collections.abc import Callable
from pathlib import Path

from typing_extensions import override

from wasmwright_installer.host.files import HostFiles
from wasmwright_installer.host.write_errors import explained


class Crash(BaseException):
    """The process dies here: nothing that catches errors may catch it."""


class CountingFiles(HostFiles):
    """A file system on which every change counts.

    The process may die at any of them, and any that needs space may be refused.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.changes = 0
        self.dies_at: int | None = None
        self.writes = 0
        """Changes that need space."""
        self.refuses: Callable[[int, str], int] = lambda _number, _path: 0
        """From the number of a write and its path to the error number that it fails with."""

    def tick(self) -> None:
        self.changes += 1
        if self.changes == self.dies_at:
            raise Crash

    def _spend(self, path: str) -> None:
        self.writes += 1
        number = self.refuses(self.writes, path)
        if number:
            raise OSError(number, os.strerror(number))

    @override
    def prepare_stream(self, path: str, fill: Callable[[int], None], *, mode: int = 0o644) -> None:
        self.tick()
        with explained(self.root, path, self.place(path)):
            self._spend(path)

        def fill_half_way(descriptor: int) -> None:
            fill(descriptor)
            self.tick()
            self._spend(path)

        super().prepare_stream(path, fill_half_way, mode=mode)
        self.tick()

    @override
    def switch(self, path: str) -> None:
        super().switch(path)
        self.tick()

    @override
    def prepare_link(self, path: str, target: str) -> None:
        self.tick()
        with explained(self.root, path, self.local(path, follow=False)):
            self._spend(path)
        super().prepare_link(path, target)
        self.tick()

    @override
    def switch_link(self, path: str) -> None:
        super().switch_link(path)
        self.tick()

    @override
    def delete(self, path: str, *, follow: bool = False) -> None:
        self.tick()
        super().delete(path, follow=follow)
        self.tick()

    @override
    def make_folders(self, folder: str) -> None:
        self.tick()
        for path in self.missing_folders(folder):
            with explained(self.root, path, self.local(path)):
                self._spend(path)
            super().make_folders(path)

    @override
    def delete_tree(self, folder: str) -> None:
        self.tick()
        super().delete_tree(folder)
        self.tick()

    @override
    def delete_empty_folder(self, folder: str) -> None:
        self.tick()
        super().delete_empty_folder(folder)
