"""Control groups: they bound, find and end everything that a cluster runs.

Each process of the control plane and each node has one group, `wasmwright_<cluster>_<unit>`, in
every hierarchy of the host. A process cannot leave it and its children are born into it, so a group
answers "is it running" and "what is left of it" without process files, whose numbers may have been
given to somebody else since.

cgroup v1 has a hierarchy for each set of controllers, v2 a single one.
"""

import os
import re
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from localcluster.errors import LocalClusterError

_V1_NOT_CONTROLLERS = re.compile(
    r"rw|ro|xattr|clone_children|noprefix|cpuset_v2_mode|release_agent=.*|none"
)


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """One tree of groups as the host has mounted it."""

    root: Path
    options: str
    """What `mount -t cgroup -o` needs to mount the same tree again; empty on v2."""


@dataclass(frozen=True, slots=True)
class Host:
    """The control groups of a machine."""

    is_unified: bool
    hierarchies: tuple[Hierarchy, ...]

    def groups(self, name: str) -> tuple[Path, ...]:
        """Return the directories of the group `name`, one for each hierarchy."""
        return tuple(hierarchy.root / name for hierarchy in self.hierarchies)


def host() -> Host:
    """Return the control groups of this machine."""
    return parse_mounts(Path("/proc/self/mountinfo").read_text())


def parse_mounts(mountinfo: str) -> Host:
    """Read the hierarchies out of /proc/self/mountinfo.

    A cgroup2 tree beside v1 hierarchies (systemd: hybrid) has no controllers and is left out.
    """
    unified: list[Hierarchy] = []
    legacy: dict[str, Hierarchy] = {}
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        root = Path(before.split()[4])
        kind, _, *rest = after.split(" ", 2)
        if kind == "cgroup2":
            unified.append(Hierarchy(root, ""))
        elif kind == "cgroup":
            options = _mount_options(rest[0])
            legacy.setdefault(options, Hierarchy(root, options))
    if legacy:
        return Host(is_unified=False, hierarchies=tuple(legacy.values()))
    return Host(is_unified=True, hierarchies=tuple(unified[:1]))


def _mount_options(superblock: str) -> str:
    kept = [word for word in superblock.split(",") if not _V1_NOT_CONTROLLERS.fullmatch(word)]
    named = any(word.startswith("name=") for word in kept)
    return ",".join(["none", *kept] if named else kept)


def group_name(cluster: str, unit: str) -> str:
    """Return the name of a unit's group; neither part may hold an underscore."""
    return f"wasmwright_{cluster}_{unit}"


def create(machine: Host, name: str) -> tuple[Path, ...]:
    """Make the group `name` in every hierarchy, able to take processes; return its directories."""
    if machine.is_unified:
        for hierarchy in machine.hierarchies:
            _delegate(hierarchy.root)
    groups = machine.groups(name)
    for group in groups:
        group.mkdir(exist_ok=True)
        for file in ("cpuset.cpus", "cpuset.mems"):
            if not machine.is_unified and (group / file).exists():
                (group / file).write_text((group.parent / file).read_text())
    return groups


def _delegate(root: Path) -> None:
    """Hand the controllers of a v2 tree to the groups below its root, as systemd does.

    A controller that the kernel does not hand out (cpu, while a real-time process runs) is one
    that the nodes do without.
    """
    wanted = (root / "cgroup.controllers").read_text().split()
    given = (root / "cgroup.subtree_control").read_text().split()
    for controller in set(wanted) - set(given):
        with suppress(OSError):
            (root / "cgroup.subtree_control").write_text(f"+{controller}")


def members(machine: Host, name: str) -> frozenset[int]:
    """Return the processes in the group `name` and in the groups below it."""
    return frozenset(
        pid for group in machine.groups(name) for each in _tree(group) for pid in _processes(each)
    )


def existing(machine: Host, cluster: str) -> frozenset[str]:
    """Return the names of the groups that a cluster has on this machine."""
    pattern = group_name(cluster, "*")
    return frozenset(
        path.name for hierarchy in machine.hierarchies for path in hierarchy.root.glob(pattern)
    )


def clusters(machine: Host) -> frozenset[str]:
    """Return the names of the clusters that have groups on this machine."""
    groups = existing(machine, "*")
    return frozenset(group.split("_")[1] for group in groups)


def destroy(machine: Host, names: Iterable[str], *, timeout: float = 20) -> None:
    """Kill what is in these groups, for good, and remove them.

    Killing PID 1 of a node takes everything in it along. Raises LocalClusterError if something is
    still there after `timeout` seconds, which only a process stuck in the kernel can bring about.
    """
    names = tuple(names)
    deadline = time.monotonic() + timeout
    while left := [name for name in names if not _try_remove(machine, name)]:
        if time.monotonic() > deadline:
            pids = sorted(pid for name in left for pid in members(machine, name))
            raise LocalClusterError(
                f"could not remove the control groups {', '.join(left)} within {timeout:.0f} s:"
                f" processes left in them: {pids or 'none'}"
            )
        time.sleep(0.02)


def _try_remove(machine: Host, name: str) -> bool:
    for pid in members(machine, name):
        _kill_member(machine, name, pid)
    for group in machine.groups(name):
        for each in _tree(group):
            try:
                each.rmdir()
            except FileNotFoundError:
                continue
            except OSError:
                return False
    return True


def _kill_member(machine: Host, name: str, pid: int) -> None:
    """Kill `pid` if it is in the group while we hold on to it, so that no other can be meant."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if pid in members(machine, name):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        os.close(descriptor)


def _tree(group: Path) -> Iterator[Path]:
    """Yield the group and all below it, the deepest first."""
    for directory, _, _ in os.walk(group, topdown=False):
        yield Path(directory)


def _processes(group: Path) -> tuple[int, ...]:
    try:
        return tuple(int(line) for line in (group / "cgroup.procs").read_text().split())
    except (FileNotFoundError, OSError):
        return ()
