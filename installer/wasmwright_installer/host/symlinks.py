"""Where a path of a host lies for us, led through the host's own symlinks."""

import errno
import os
from pathlib import Path

_MAX_LINKS = 40


def resolve(root: Path, path: str, *, follow: bool) -> Path:
    """Return where a path lies below a root, which neither a symlink nor `..` leads out of.

    Every look at a file of the host comes by here, so it works on text.

    Args:
        root: where the host's `/` is found.
        path: of the host.
        follow: whether a symlink at the path itself is followed too.
    """
    place = top = str(root).rstrip("/")
    pending = _steps(path)
    links = 0
    while pending:
        step = pending.pop()
        if step == "..":
            place = place if place == top else place.rpartition("/")[0]
        elif step != ".":
            target = _target(f"{place}/{step}") if follow or pending else None
            links += target is not None
            if links > _MAX_LINKS:
                raise OSError(errno.ELOOP, "too many symbolic links", path)
            if target is None:
                place = f"{place}/{step}"
            else:
                place = top if target.startswith("/") else place
                pending += _steps(target)
    return Path(place or "/")


def _steps(path: str) -> list[str]:
    """Return the parts of a path, the first one last."""
    return [part for part in reversed(path.split("/")) if part]


def _target(place: str) -> str | None:
    try:
        return os.readlink(place)  # noqa: PTH115  # a path made for each step costs twice as much
    except OSError:
        return None
