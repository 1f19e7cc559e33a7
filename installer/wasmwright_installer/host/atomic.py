"""Changes of files that are seen whole or not at all, also after a power cut.

Temporary file near the target, fsync, rename, fsync of the directory. Mode, owner and extended
attributes (SELinux labels, ACLs) of a file that is replaced are kept.
"""

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from wasmwright_installer.config.files import temporary_path

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW

_OF_THE_CONTENT = {"security.ima", "security.evm"}
"""Attributes that vouch for the bytes of a file, which are other ones now."""


def prepare(place: Path, fill: Callable[[int], None], mode: int) -> None:
    """Put what `fill` writes to a descriptor beside a file, where it only waits for `switch`."""
    with _withdrawn(_temporary(place)) as temporary:
        descriptor = os.open(temporary, _CREATE, 0o600)
        try:
            os.fchmod(descriptor, mode)
            _keep_attributes(place, descriptor)
            fill(descriptor)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def prepare_link(place: Path, target: str) -> None:
    """Put a symlink beside a path, where it only waits for `switch`."""
    discard(place)
    _temporary(place).symlink_to(target)


def switch(place: Path) -> None:
    """Give what was prepared its name, by one rename."""
    with _withdrawn(_temporary(place)) as temporary:
        temporary.rename(place)
        _sync_folder(place.parent)


def discard(place: Path) -> None:
    """Remove what waits beside a file."""
    _unlink_if_present(_temporary(place))


def delete(place: Path) -> None:
    """Remove a file or symlink; it may be gone already."""
    if _unlink_if_present(place):
        _sync_folder(place.parent)


def make_folder(place: Path) -> None:
    """Create a directory whose parent exists."""
    with contextlib.suppress(FileExistsError):
        place.mkdir(0o755)
        _sync_folder(place.parent)


def write_all(descriptor: int, content: bytes) -> None:
    """Write bytes to a descriptor, which may take only some of them at a time."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _temporary(place: Path) -> Path:
    """Return where the new bytes of a file wait; the lock keeps two runs apart."""
    return Path(temporary_path(str(place)))


@contextlib.contextmanager
def _withdrawn(temporary: Path) -> Iterator[Path]:
    """Leave no half of a file if its write fails."""
    try:
        yield temporary
    except BaseException:
        with contextlib.suppress(OSError):  # what is told is why the write failed
            temporary.unlink()
        raise


def _unlink_if_present(place: Path) -> bool:
    """A read-only file system refuses to remove even what is not there, so look first."""
    if not os.path.lexists(place):
        return False
    place.unlink(missing_ok=True)
    return True


def _keep_attributes(existing: Path, descriptor: int) -> None:
    """Owner before mode, since a change of owner takes mode bits away."""
    try:
        status = existing.stat()
    except FileNotFoundError:
        return
    os.fchown(descriptor, status.st_uid, status.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
    with contextlib.suppress(OSError):  # a file system without attributes
        for name in set(os.listxattr(existing)) - _OF_THE_CONTENT:
            with contextlib.suppress(OSError):  # one that cannot be set must not lose the others
                os.setxattr(descriptor, name, os.getxattr(existing, name))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
