"""Locks between processes: advisory, held by the kernel, gone with their holder."""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from localcluster.errors import LocalClusterError


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold `path` alone, waiting for whoever holds it; the file goes when it is released.

    A lock file that was removed between opening and locking it is somebody else's past, so the
    lock counts only if the path still leads to the file that we hold. Programs that are started
    with `commands.run(holds_locks=True)` hold it too, as long as they run.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _acquire(path)
    os.set_inheritable(descriptor, True)  # noqa: FBT003 - the standard library's own signature
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


@contextmanager
def first_free(paths: Iterable[Path]) -> Iterator[Path]:
    """Hold the first of `paths` that nobody holds, and tell which; it goes when it is released."""
    path, descriptor = _acquire_first(paths)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _acquire_first(paths: Iterable[Path]) -> tuple[Path, int]:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return path, _acquire(path, fcntl.LOCK_NB)
        except BlockingIOError:
            continue
    raise LocalClusterError("every lock of the series is held")


def _acquire(path: Path, how: int = 0) -> int:
    while True:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | how)
        except BlockingIOError:
            os.close(descriptor)
            raise
        if _is_at(descriptor, path):
            return descriptor
        os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
