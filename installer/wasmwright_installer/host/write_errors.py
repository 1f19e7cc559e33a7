"""Why a host cannot be written, told so that somebody can mend it.

The kernel gives a number; the place that it happened at has the rest: what is full and how much of
it is left, what is mounted read-only, which file carries the immutable attribute.
"""

import array
import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from wasmwright_installer.detect.mounts import mount_of, parse_mounts
from wasmwright_installer.errors import RefusedError

_GET_FLAGS = 0x80086601
"""FS_IOC_GETFLAGS, where a long has 64 bits."""
_IMMUTABLE, _APPEND_ONLY = 0x10, 0x20


@contextlib.contextmanager
def explained(root: Path, path: str, place: Path) -> Iterator[None]:
    """Turn what the kernel refuses into a sentence that names the host's path.

    Args:
        root: where the host's `/` is found.
        path: what was to be written, as the host knows it.
        place: where that is for us.

    Raises:
        RefusedError: instead of any OSError.
    """
    try:
        yield
    except OSError as error:
        raise refusal(root, path, place, error) from error


def refusal(root: Path, path: str, place: Path, error: OSError) -> RefusedError:
    """Return what to tell of a write that failed."""
    found = _existing(place)
    reason = _REASONS.get(error.errno or 0, "HostNotWritable")
    sentence = _sentence(root, found, reason, error)
    flagged = _flagged(root, found) if error.errno == errno.EPERM else ""
    if flagged:
        reason, sentence = "ImmutableFile", flagged
    return RefusedError(f"{path} cannot be written on this host: {sentence}", reason=reason)


_REASONS = {
    errno.ENOSPC: "DiskFull",
    errno.EDQUOT: "DiskQuotaExceeded",
    errno.EROFS: "ReadOnlyHost",
    errno.EBUSY: "MountedFile",
}


def _sentence(root: Path, place: Path, reason: str, error: OSError) -> str:
    where = _mounted(root, place)
    match reason:
        case "DiskFull":
            left = _what_is_left(place)
            return f"{error.strerror}: {where} has {left} left; free some space and run again"
        case "DiskQuotaExceeded":
            return f"the disk quota on {where} is used up; raise it and run again"
        case "ReadOnlyHost":
            return (
                f"{where} is mounted read-only; mount it writable and run again, "
                "or bring the runtimes with the node's image"
            )
        case "MountedFile":
            return (
                f"{_shown(root, place)} is mounted by itself, so that no other file can take its "
                "place; mount its directory instead"
            )
        case _:
            return (
                f"{error.strerror}; look for what forbids it (SELinux, AppArmor, ownership) "
                "and run again"
            )


def _what_is_left(place: Path) -> str:
    space = os.statvfs(place)
    inodes = f" and {space.f_favail} inodes" if space.f_files else ""
    return f"{space.f_bavail * space.f_frsize} bytes{inodes}"


def _existing(place: Path) -> Path:
    return next(path for path in (place, *place.parents) if os.path.lexists(path))


def _mounted(root: Path, place: Path) -> str:
    """Return the directory of the host that a place is mounted with, as this process sees it."""
    mounts = parse_mounts(Path("/proc/self/mountinfo").read_text())
    mount = mount_of(str(place), mounts)
    top = Path(mount.point) if mount else root
    return _shown(root, top if top.is_relative_to(root) else root)


def _shown(root: Path, place: Path) -> str:
    return f"/{place.relative_to(root)}" if place != root else "/"


def _flagged(root: Path, place: Path) -> str:
    for path in (place, place.parent):
        flags = _flags(path)
        if flags & (_IMMUTABLE | _APPEND_ONLY):
            name, option = ("immutable", "i") if flags & _IMMUTABLE else ("append-only", "a")
            return (
                f"{_shown(root, path)} carries the {name} attribute, so somebody means it to stay; "
                f"take it off with 'chattr -{option} {_shown(root, path)}' and run again"
            )
    return ""


def _flags(path: Path) -> int:
    value = array.array("L", [0])
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return 0
    try:
        fcntl.ioctl(descriptor, _GET_FLAGS, value)
    except OSError:
        return 0
    finally:
        os.close(descriptor)
    return value[0]
