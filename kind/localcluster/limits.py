"""The one limit of the machine that nodes run into: how many inotify instances a user may have.

A node needs some 16 of them (systemd, kubelet, containerd), the kernel's default is 128, and a
kubelet that gets none does not start. So the first cluster raises the limit, and the last one that
goes down puts back what was found.
"""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from localcluster import locks, paths, state

ENOUGH: Final = 4096
LIMIT: Final = Path("/proc/sys/fs/inotify/max_user_instances")


def raise_inotify() -> None:
    """Raise the limit if it is lower than clusters may need, and note what it was."""
    with _lock():
        found = int(LIMIT.read_text())
        if found >= ENOUGH:
            return
        _note().write_text(f"{found}\n")
        LIMIT.write_text(f"{ENOUGH}\n")


def restore_inotify() -> None:
    """Put the limit back if we raised it, nobody has changed it since, and no cluster is left."""
    with _lock():
        if state.names() or not _note().exists():
            return
        if int(LIMIT.read_text()) == ENOUGH:
            LIMIT.write_text(_note().read_text())
        _note().unlink()


def _note() -> Path:
    return paths.lock_root() / "inotify-instances-before"


def _lock() -> AbstractContextManager[None]:
    return locks.exclusive(paths.lock_root() / "limits.lock")
