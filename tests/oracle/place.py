"""A thread that has a node's directories in place of this machine's, and starts programs there.

A namespace made anew for each program would cost as much as what is asked of it.
"""

import ctypes
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Final

TOPS: Final = ("etc", "run", "var", "opt")

# Numbers of linux/sched.h, linux/mount.h and sys/mount.h.
_CLONE_NEWNS: Final = 0x00020000
_MS_BIND: Final = 0x1000
_MS_REC: Final = 0x4000
_MS_PRIVATE: Final = 0x40000
_MNT_DETACH: Final = 2


def run_in_place(root: Path, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run a program that finds a node's files where they belong; relative paths are of no use.

    Raises:
        OSError: the directories cannot be put into place, for want of rights above all.
    """
    return _thread().submit(_run, root, command).result()


def _run(root: Path, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    with ExitStack() as mounts:
        for top in TOPS:
            if (root / top).is_dir():
                mounts.enter_context(_bound(root / top, Path("/", top)))
        return subprocess.run(command, capture_output=True, text=True, check=False)


@contextmanager
def _bound(source: Path, target: Path) -> Iterator[None]:
    _call(_libc().mount, os.fsencode(source), os.fsencode(target), None, _MS_BIND, None)
    try:
        yield
    finally:
        _call(_libc().umount2, os.fsencode(target), _MNT_DETACH)


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "place", initializer=_leave)


def _leave() -> None:
    """Have mounts of one's own, which neither other threads nor other processes see."""
    _call(_libc().unshare, _CLONE_NEWNS)
    _call(_libc().mount, b"none", b"/", None, _MS_REC | _MS_PRIVATE, None)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(function: Callable[..., int], *arguments: object) -> None:
    if function(*arguments):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
