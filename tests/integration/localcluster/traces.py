"""What a cluster could leave behind on a machine, listed."""

import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path

from localcluster import paths, state
from localcluster.state import Record

_TUNABLES = ("fs/file-max", "fs/nr_open", "kernel/panic", "kernel/panic_on_oops")


@dataclass(frozen=True)
class Traces:
    """The lists of a machine, without what other clusters that are up have in them."""

    processes: frozenset[str]
    mounts: frozenset[str]
    namespaces: frozenset[str]
    links: frozenset[str]
    routes: frozenset[str]
    firewall: frozenset[str]
    groups: frozenset[str]
    files: frozenset[str]
    tunables: frozenset[str]

    def left_behind(self, before: "Traces") -> dict[str, frozenset[str]]:
        """Return what is there now and was not there before, by kind."""
        new = {
            field.name: getattr(self, field.name) - getattr(before, field.name)
            for field in fields(self)
        }
        return {name: entries for name, entries in new.items() if entries}

    def without(self, others: Iterable[Record]) -> "Traces":
        """Return the same lists without the lines that name a device of other clusters."""
        addresses = [record.addresses for record in others]
        bridges = {each.bridge for each in addresses}
        cables = tuple(f"wwv{each.index}n" for each in addresses)

        def own(lines: frozenset[str]) -> frozenset[str]:
            return frozenset(
                line
                for line in lines
                if not any(word in bridges or word.startswith(cables) for word in line.split())
            )

        return replace(
            self, links=own(self.links), routes=own(self.routes), firewall=own(self.firewall)
        )


def look(cluster: str) -> Traces:
    """List what is on this machine; clusters may come and go meanwhile."""
    before = state.every()
    found = _look(cluster)
    return found.without(each for each in (*before, *state.every()) if each.spec.name != cluster)


def _look(cluster: str) -> Traces:
    return Traces(
        processes=_processes(cluster),
        mounts=frozenset(Path("/proc/mounts").read_text().splitlines()),
        namespaces=_lines("ip", "netns", "list"),
        links=frozenset(link.name for link in Path("/sys/class/net").iterdir()),
        routes=_lines("ip", "route", "show", "table", "all"),
        firewall=_firewall(),
        groups=_groups(cluster),
        files=_files(cluster),
        tunables=frozenset(
            f"{name} = {Path('/proc/sys', name).read_text().strip()}" for name in _TUNABLES
        ),
    )


def _processes(cluster: str) -> frozenset[str]:
    """List the processes in groups of the cluster, or whose command line leads to its files."""
    marks = (f"wasmwright_{cluster}_", f"/clusters/{cluster}/", f"--name\0{cluster}\0")
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cgroup").read_text() + (process / "cmdline").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if any(mark in told for mark in marks):
            found.add(f"{process.name} {told!r}")
    return frozenset(found)


def _firewall() -> frozenset[str]:
    """List the rules without their counters; a machine without iptables has none."""
    if not shutil.which("iptables-save"):
        return frozenset()
    rules = (line for line in _lines("iptables-save") if not line.startswith("#"))
    return frozenset(re.sub(r"\[\d+:\d+\]", "", rule) for rule in rules)


def _groups(cluster: str) -> frozenset[str]:
    hierarchies = Path("/sys/fs/cgroup")
    pattern = f"wasmwright_{cluster}_*"
    return frozenset(
        str(path) for root in (pattern, f"*/{pattern}") for path in hierarchies.glob(root)
    )


def _files(cluster: str) -> frozenset[str]:
    places = (paths.state_root(), paths.lock_root())
    return frozenset(
        str(path)
        for place in places
        if place.is_dir()
        for path in place.iterdir()
        if path.name.strip(".").split(".")[0] == cluster
    )


def _lines(*argv: str) -> frozenset[str]:
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return frozenset(done.stdout.splitlines())
