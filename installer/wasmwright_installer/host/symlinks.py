"""Where a path of a host lies for us, led through the host's own symlinks."""

import errno
from pathlib import Path

_MAX_LINKS = 40


def resolve(root: Path, path: str, *, follow: bool) -> Path:
    """Return where a path lies below a root, which neither a symlink nor `..` leads out of.

    Args:
        root: where the host's `/` is found.
        path: of the host.
        follow: whether a symlink at the path itself is followed too.
    """
    resolved: list[str] = []
    pending = [part for part in path.split("/") if part]
    links = 0
    while pending:
        part = pending.pop(0)
        if part == "..":
            resolved = resolved[:-1]
        elif part != ".":
            target = _target(root.joinpath(*resolved, part)) if follow or pending else None
            links += target is not None
            if links > _MAX_LINKS:
                raise OSError(errno.ELOOP, "too many symbolic links", path)
            if target is None:
                resolved.append(part)
            else:
                pending = [step for step in target.split("/") if step] + pending
                resolved = [] if target.startswith("/") else resolved
    return root.joinpath(*resolved)


def _target(place: Path) -> str | None:
    try:
        return str(place.readlink())
    except OSError:
        return None
