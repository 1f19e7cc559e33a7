"""What is mounted where, from the text of /proc/<pid>/mountinfo."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_ESCAPED = re.compile(r"\\([0-7]{3})")
_POINT, _OPTIONS, _FIRST_OPTIONAL = 4, 5, 6


@dataclass(frozen=True, slots=True)
class Mount:
    """One line."""

    point: str
    options: frozenset[str]
    kind: str
    """Of the file system: `ext4`, `tmpfs`, ..."""


def parse_mounts(mountinfo: str) -> tuple[Mount, ...]:
    """Return the mounts, the latest last; lines of another form are left out."""
    return tuple(
        Mount(
            point=_plain(fields[_POINT]),
            options=frozenset(fields[_OPTIONS].split(",")),
            kind=fields[fields.index("-", _FIRST_OPTIONAL) + 1],
        )
        for line in mountinfo.splitlines()
        if "-" in (fields := line.split())[_FIRST_OPTIONAL:]
    )


def _plain(field: str) -> str:
    """Spaces and the like are written as octal numbers."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), field)


def mount_of(path: str, mounts: Iterable[Mount]) -> Mount | None:
    """Return the mount that a path without symlinks lies on: of several on one point the last."""
    holding = [mount for mount in mounts if f"{path}/".startswith(f"{mount.point.rstrip('/')}/")]
    return max(reversed(holding), key=lambda mount: len(mount.point), default=None)
