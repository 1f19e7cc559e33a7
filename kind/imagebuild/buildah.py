"""Build with buildah, in a storage of our own and in a mount namespace that ends with each command.

The overlay driver is ten times faster than vfs here and leaves a mount behind, hence the namespace.
Where the cache lies on an overlay itself, say STORAGE_DRIVER=vfs, as for buildah alone.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from imagebuild import base
from imagebuild.recipe import CONTAINERFILES
from localcluster import commands, locks, paths
from localcluster.progress import Progress

_NETAVARK: Final = Path("/usr/lib/podman/netavark")
"""A storage that was made where it is installed cannot be used where it is not."""


def missing_packages() -> tuple[str, ...]:
    """Return the Debian packages to install before anything can be built."""
    present = {"buildah": shutil.which("buildah"), "netavark": _NETAVARK.exists()}
    return tuple(package for package, is_there in present.items() if not is_there)


def ensure_base(root: Path, work: Path, progress: Progress) -> str:
    """Return the base image made of a root file system, making it if it is not there."""
    name = base.reference(root)
    if _exists(name):
        return name
    progress("making the base image")
    context = work / "base"
    context.mkdir()
    base.pack(root, context / "base.tar")
    build(name, CONTAINERFILES / "base.Containerfile", context)
    return name


def build(
    name: str, containerfile: Path, context: Path, arguments: Mapping[str, str] | None = None
) -> None:
    """Build an image; layers whose inputs are the same come from the storage."""
    given = [f"--build-arg={key}={value}" for key, value in (arguments or {}).items()]
    _run(
        *("build", "--quiet", "--layers", "--pull-never", "--tag", name),
        *("--file", str(containerfile), *given, str(context)),
    )


def push(name: str, layout: Path) -> None:
    """Write an image into an OCI layout; images of one layout share their layers."""
    # zstd unpacks three times as fast as gzip, and containerd has known it since 1.5.
    _run("push", "--quiet", "--compression-format", "zstd", name, f"oci:{layout}:{name}")


def _exists(name: str) -> bool:
    return bool(_run("images", "--quiet", "--filter", f"reference={name}").strip())


def _run(*arguments: str) -> str:
    home = paths.cache_root() / "buildah"
    storage = ("--root", str(home / "root"), "--runroot", str(home / "run"))
    driver = ("--storage-driver", os.environ.get("STORAGE_DRIVER", "overlay"))
    with locks.exclusive(home / ".lock"):
        return commands.run(
            *("unshare", "--mount", "--", "buildah", *storage, *driver, *arguments),
            env={"BUILDAH_ISOLATION": "chroot"},
        )
