"""Debian file systems in the cache, made by debootstrap: the root of nodes, the base of images."""

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import Final

from localcluster import apt, commands, locks, paths
from localcluster.progress import Progress, silent

SUITE: Final = "trixie"

NODE: Final = "node"
NODE_PACKAGES: Final = (
    "ca-certificates",
    "conntrack",
    "containerd",
    "containernetworking-plugins",
    "crun",
    "dbus",
    "iproute2",
    "iptables",
    "kmod",
    "libwasmedge0",
    "procps",
    "runc",
    "systemd",
    "systemd-sysv",
)

PYTHON_BASE: Final = "python-base"
PYTHON_BASE_PACKAGES: Final = ("ca-certificates", "python3", "python3-venv")

_KNOWN: Final = {NODE: NODE_PACKAGES, PYTHON_BASE: PYTHON_BASE_PACKAGES}
_UNREAD: Final = ("doc", "info", "locale", "man")
"""Folders of /usr/share that no node and no container reads."""

_INSTALL = """\
set -e
mount -t proc proc "$1/proc"
APT_CONFIG=/apt.conf exec chroot "$1" /bin/sh -ec '
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q update
  shift
  apt-get -q -y install "$@"
  apt-get -q clean
' sh "$@"
"""


def ensure(name: str, packages: tuple[str, ...] | None = None, progress: Progress = silent) -> Path:
    """Return the root of a Debian file system with these packages, making it if it is not there.

    The names `node` and `python-base` (PYTHON_BASE) know their packages. Nobody may write into
    what is returned: it is shared by everything that runs on it.
    """
    packages = _KNOWN[name] if packages is None else packages
    target = directory(name, packages)
    if target.is_dir():
        return target
    with locks.exclusive(target.with_name(f".{target.name}.lock")):
        if not target.is_dir():
            progress(f"installing Debian {SUITE} for {name}")
            _build(target, packages)
    return target


def directory(name: str, packages: tuple[str, ...]) -> Path:
    """Return where the file system is in the cache, or will be."""
    recipe = "\0".join((SUITE, *sorted(packages), *_UNREAD, _INSTALL))
    key = hashlib.sha256(recipe.encode()).hexdigest()[:16]
    return paths.cache_root() / "rootfs" / f"{name}-{key}"


def _build(target: Path, packages: tuple[str, ...]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    for leftover in target.parent.glob(f".{target.name}.build-*"):
        shutil.rmtree(leftover)
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.build-"))
    root = work / "root"
    _bootstrap(root, work)
    _install(root, work, packages)
    for unneeded in (*(root / "var/lib/apt/lists").iterdir(), root / "apt.conf"):
        shutil.rmtree(unneeded) if unneeded.is_dir() else unneeded.unlink()
    root.rename(target)
    shutil.rmtree(work)


def _bootstrap(root: Path, work: Path) -> None:
    mirror = apt.debian_mirror()
    where = (SUITE, str(root)) if mirror is None else (SUITE, str(root), mirror)
    commands.run_logged(
        (*_ISOLATED, "debootstrap", "--variant=minbase", *where), log=work / "debootstrap.log"
    )
    root.chmod(0o755)


def _install(root: Path, work: Path, packages: tuple[str, ...]) -> None:
    """Install the packages with apt: unlike debootstrap it orders them, and /proc is mounted."""
    options = [
        'APT::Install-Recommends "false";',
        'Dpkg::Options:: "--force-unsafe-io";',
        *(f'Dpkg::Options:: "--path-exclude=/usr/share/{folder}/*";' for folder in _UNREAD),
    ]
    (root / "apt.conf").write_text(apt.carried_options() + "\n".join(options) + "\n")
    argv = (*_ISOLATED, "sh", "-c", _INSTALL, "sh", str(root), *packages)
    commands.run_logged(argv, log=work / "apt.log")


_ISOLATED: Final = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
"""In namespaces of their own, debootstrap's mounts and daemons go when it goes."""
