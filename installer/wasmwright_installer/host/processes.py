"""Processes of the host, read from its /proc."""

import re
from collections.abc import Iterator

from wasmwright_installer.detect.bundles import Process
from wasmwright_installer.host.files import HostFiles

_LISTENING = "00010000"
"""`__SO_ACCEPTCON` in the flags column of /proc/net/unix."""

_LIKELY = ("containerd", "crio", "cri-dockerd", "dockerd")
_START = 19
"""Index of the time of the start in /proc/PID/stat, after the name."""

_CONTAINER = re.compile(r"[:/-]([0-9a-f]{64})(?:\.scope)?$", re.MULTILINE)
_PARENT = re.compile(r"^PPid:\s*(\d+)$", re.MULTILINE)
_SOCKET_LINK = re.compile(r"^socket:\[(\d+)\]$")


def pids(files: HostFiles) -> list[int]:
    """Return the ids of all processes, in ascending order."""
    return sorted(int(name) for name in files.names("/proc") if name.isdigit())


def arguments(files: HostFiles, pid: int) -> tuple[str, ...]:
    """Return a process's command line; empty for kernel threads and processes that are gone."""
    content = files.read_text(f"/proc/{pid}/cmdline")
    return tuple(content.rstrip("\0").split("\0")) if content else ()


def environment(files: HostFiles, pid: int) -> dict[str, str]:
    """Return the environment that a process was started with."""
    entries = files.read_text(f"/proc/{pid}/environ").split("\0")
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def link(files: HostFiles, pid: int, name: str) -> str:
    """Return where one of a process's links (`exe`, `cwd`, `ns/pid`) leads, "" if it is gone."""
    return files.link_target(f"/proc/{pid}/{name}") or ""


def parent(files: HostFiles, pid: int) -> int:
    """Return the id of the process that started another, or 0."""
    found = _PARENT.search(files.read_text(f"/proc/{pid}/status"))
    return int(found[1]) if found else 0


def all_processes(files: HostFiles) -> Iterator[Process]:
    """Yield every process that has a program."""
    for pid in pids(files):
        executable = link(files, pid, "exe")
        if executable:
            yield Process(
                pid, executable, arguments(files, pid), container=container_of(files, pid)
            )


def container_of(files: HostFiles, pid: int) -> str:
    """Return the container that a process is in, by the name of its control group; "" = none."""
    found = _CONTAINER.search(files.read_text(f"/proc/{pid}/cgroup"))
    return found[1] if found else ""


def started(files: HostFiles, pid: int) -> str:
    """Return when a process was started, in the kernel's clock ticks since boot; "" = it is gone.

    The second field of its line is the program's name, which may hold anything.
    """
    fields = files.read_text(f"/proc/{pid}/stat").rpartition(") ")[2].split()
    return fields[_START] if len(fields) > _START else ""


def deletes(files: HostFiles) -> Iterator[Process]:
    """Yield every process that was started with the last argument `delete`, with what it awaits."""
    for pid in pids(files):
        command = arguments(files, pid)
        if command[-1:] == ("delete",):
            yield Process(
                pid,
                link(files, pid, "exe"),
                command,
                parent=parent(files, pid),
                waits_in=files.read_text(f"/proc/{pid}/wchan").strip(),
            )


def mapped_files(files: HostFiles, pid: int) -> str:
    """Return /proc/<pid>/maps: the files that a process has in memory, deleted ones too."""
    return files.read_text(f"/proc/{pid}/maps")


def named(files: HostFiles, name: str) -> int:
    """Return the id of the host's first process of this name, or 0.

    A container may hold a whole cluster; its processes are seen from here but are not the host's.
    """
    own = link(files, 1, "ns/pid")
    for pid in pids(files):
        is_named = files.read_text(f"/proc/{pid}/comm").strip() == name
        if is_named and link(files, pid, "ns/pid") == own:
            return pid
    return 0


def listener(files: HostFiles, socket: str, neighbour: int) -> int:
    """Return the process that listens on a unix socket, or 0.

    Args:
        files: the host.
        socket: the path, which may lead through symlinks.
        neighbour: a process in the network namespace of the listener, since the kernel lists the
            sockets of one namespace only.
    """
    table = files.read_text(f"/proc/{neighbour}/net/unix")
    inodes = _listening_inodes(files, table, socket)
    for pid in _likely_first(files):
        if inodes & _socket_inodes(files, pid):
            return pid
    return 0


def _listening_inodes(files: HostFiles, table: str, socket: str) -> set[str]:
    wanted, name = files.local(socket), socket.rpartition("/")[2]
    inodes = set()
    for line in table.splitlines()[1:]:
        _, _, _, flags, _, _, inode, *path = line.split(maxsplit=7)
        same_name = flags == _LISTENING and path and path[0].endswith(f"/{name}")
        if same_name and files.local(path[0]) == wanted:
            inodes.add(inode)
    return inodes


def _likely_first(files: HostFiles) -> list[int]:
    """Runtimes before the rest, and PID 1 last: with socket activation systemd listens as well."""

    def rank(pid: int) -> tuple[bool, bool, int]:
        unlikely = files.read_text(f"/proc/{pid}/comm").strip() not in _LIKELY
        return (pid == 1, unlikely, pid)

    return sorted(pids(files), key=rank)


def _socket_inodes(files: HostFiles, pid: int) -> set[str]:
    inodes = set()
    for name in files.names(f"/proc/{pid}/fd"):
        found = _SOCKET_LINK.match(link(files, pid, f"fd/{name}"))
        if found:
            inodes.add(found[1])
    return inodes
