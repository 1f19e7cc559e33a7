"""Can this machine run a local cluster at all? Asked before anything is changed.

Also a program, `python3 kind/localcluster/preflight.py`, for a machine that has nothing but Python:
what is imported here must not need any package.
"""

import os
import re
import shutil
import sys
from pathlib import Path
from typing import Final

from localcluster import apt, cgroups, commands, paths

OLDEST_GO: Final = (1, 26)
_NO_UPPER: Final = ("overlay", "nfs", "nfs4", "cifs", "fuse", "9p", "vfat")
"""File systems that cannot hold the writable layer of an overlay."""


def problems() -> tuple[str, ...]:
    """Return a sentence for each thing that stands in the way, with what to do about it."""
    if sys.platform != "linux":
        return ("a local cluster needs Linux: use a Linux machine or virtual machine",)
    return tuple(
        problem
        for problem in (
            _privilege_problem(os.geteuid()),
            _go_problem(),
            _debian_problem(),
            _cgroup_problem(),
            *_kernel_problems(),
            _disk_problem(),
        )
        if problem
    )


def _privilege_problem(user: int) -> str:
    if user == 0:
        return ""
    return "a local cluster makes network links, mounts and control groups: run it as root"


def _go_problem() -> str:
    if not shutil.which("go"):
        return "Go is missing, which compiles Kubernetes: install Go 1.26 or newer"
    return go_version_problem(commands.run("go", "env", "GOVERSION", check=False).strip())


def go_version_problem(version: str) -> str:
    """Return what is wrong with a Go that calls itself `version`, such as go1.26.8."""
    found = re.match(r"go(\d+)\.(\d+)", version)
    if found and (int(found[1]), int(found[2])) >= OLDEST_GO:
        return ""
    oldest = ".".join(map(str, OLDEST_GO))
    return f"{version or 'this Go'} cannot compile Kubernetes: install Go {oldest} or newer"


def _debian_problem() -> str:
    if shutil.which("debootstrap") or not apt.missing_packages() or shutil.which("apt-get"):
        return ""
    missing = ", ".join(apt.missing_packages())
    return (
        f"{missing} cannot be installed here, since there is no apt-get: use Debian or a relative"
        " of it, or install them by hand"
    )


def _cgroup_problem() -> str:
    machine = cgroups.host()
    if not machine.hierarchies:
        return "no control groups are mounted: mount cgroup2 on /sys/fs/cgroup"
    options = {hierarchy.options for hierarchy in machine.hierarchies}
    if machine.is_unified or "none,name=systemd" in options:
        return ""
    return (
        "this cgroup v1 machine has no hierarchy for systemd: make one with"
        " `mkdir /sys/fs/cgroup/systemd && mount -t cgroup -o none,name=systemd cgroup"
        " /sys/fs/cgroup/systemd`"
    )


def _kernel_problems() -> tuple[str, ...]:
    if "overlay" in Path("/proc/filesystems").read_text() or _loads("overlay"):
        return ()
    return ("the kernel has no overlay file system: load the module overlay",)


def _loads(module: str) -> bool:
    if not shutil.which("modprobe"):
        return False
    commands.run("modprobe", module, check=False)
    return module in Path("/proc/filesystems").read_text()


def _disk_problem() -> str:
    existing = paths.state_root()
    while not existing.exists():
        existing = existing.parent
    return disk_problem(existing, Path("/proc/self/mountinfo").read_text())


def disk_problem(directory: Path, mountinfo: str) -> str:
    """Return what is wrong with `directory` as the place of the nodes' disks."""
    if any(character in str(directory) for character in ":,"):
        return f"{directory} has a colon or comma in its name, which mount options cannot tell"
    kind = file_system(directory, mountinfo)
    if not kind.startswith(_NO_UPPER):
        return ""
    return (
        f"{directory} is on {kind}, which cannot hold the disks of nodes: set WASMWRIGHT_STATE to a"
        " directory on another file system, such as ext4, xfs, btrfs or tmpfs"
    )


def file_system(directory: Path, mountinfo: str) -> str:
    """Return the type of the file system that holds `directory`, from /proc/self/mountinfo."""
    mounts = {}
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        mounts[Path(before.split()[4])] = after.split()[0]
    return next(mounts[path] for path in (directory, *directory.parents) if path in mounts)


def main() -> int:
    """Print the problems and return 1, or return 0 if there are none."""
    found = problems()
    for problem in found:
        print(problem, file=sys.stderr)  # noqa: T201 - a program
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
