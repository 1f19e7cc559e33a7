"""A node: a machine of its own as far as it can tell, to be started, entered and asked."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from localcluster import cgroups, commands, flavours, network
from localcluster.disk import Disk
from localcluster.errors import LocalClusterError
from localcluster.launch import launch
from localcluster.state import Record

_STARTER: Final = Path(__file__).with_name("node.sh")


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a cluster that is up."""

    record: Record
    number: int
    """Counted from 1."""
    machine: cgroups.Host

    @property
    def name(self) -> str:
        """Its name in the cluster, which is its host name too."""
        return self.record.node_names[self.number - 1]

    @property
    def flavour(self) -> str:
        """Which kind of node it is, such as `containerd-2.4`."""
        return self.record.spec.nodes[self.number - 1]

    @property
    def socket(self) -> str:
        """Where its containerd listens."""
        return flavours.flavour(self.flavour).socket

    @property
    def root(self) -> Path:
        """Its file system as the host sees it."""
        return Path("/proc", str(self._pid()), "root")

    @property
    def disk(self) -> Disk:
        """What its file system is made of."""
        return Disk(self.record.paths.node(self.name))

    @property
    def log(self) -> Path:
        """The file with what was said while it was started."""
        return self.record.paths.logs / f"{self.name}.log"

    def is_running(self) -> bool:
        """Tell whether its PID 1 is there."""
        return self._find_pid() is not None

    def evidence(self) -> str:
        """Return the last that kubelet and containerd have said, or what was said at the start."""
        if not self.is_running():
            return commands.tail(self.log)
        units = (f"--unit={unit}" for unit in flavours.flavour(self.flavour).units)
        return self.exec("journalctl", "--no-pager", "--lines=20", *units, check=False)

    def command(self, *argv: str) -> tuple[str, ...]:
        """Return the command line that runs `argv` inside the node."""
        enter = ("nsenter", "--target", str(self._pid()))
        spaces = ("--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup", "--root", "--wd")
        path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return (*enter, *spaces, "--", "env", "-i", path, "HOME=/root", "TERM=dumb", *argv)

    def exec(self, *argv: str, input: str | None = None, check: bool = True) -> str:  # noqa: A002 - as in commands.run
        """Run a program inside the node and return its standard output.

        Raises CommandError with its standard error unless `check` is off.
        """
        return commands.run(*self.command(*argv), input=input, check=check)

    def feed(self, file: Path, *argv: str) -> None:
        """Run a program inside the node with a file of the host as its standard input."""
        commands.run_fed(*self.command(*argv), file=file)

    def start(self, rootfs: Path) -> None:
        """Start the node on its disk if it does not run, and plug it in."""
        if not self.is_running():
            cgroups.destroy(self.machine, [self._group])
            environment = self._environment(rootfs)
            argv = ("sh", str(_STARTER), "start")
            launch(self.machine, self._group, argv, log=self.log, env=environment)
        network.plug_in(self.record.addresses, self.number)

    @property
    def _group(self) -> str:
        return cgroups.group_name(self.record.spec.name, f"node{self.number}")

    def _pid(self) -> int:
        pid = self._find_pid()
        if pid is None:
            raise LocalClusterError(
                f"node {self.name} does not run: `python -m localcluster up --name"
                f" {self.record.spec.name}` starts it again"
            )
        return pid

    def _find_pid(self) -> int | None:
        for pid in sorted(cgroups.members(self.machine, self._group)):
            if _is_init(pid):
                return pid
        return None

    def _environment(self, rootfs: Path) -> dict[str, str]:
        addresses = self.record.addresses
        own = addresses.node(self.number)
        others = (
            addresses.node(number)
            for number in range(1, len(self.record.spec.nodes) + 1)
            if number != self.number
        )
        is_legacy = not self.machine.is_unified
        hierarchies = (hierarchy.options for hierarchy in self.machine.hierarchies)
        return {
            "NODE_NAME": self.name,
            "NODE_DISK": str(self.disk.directory),
            "NODE_LOWER": self.disk.lower(rootfs),
            "NODE_LINK": own.link,
            "NODE_HOST_PID": str(os.getpid()),
            "NODE_ADDRESS": f"{own.address}/{addresses.subnet.prefixlen}",
            "NODE_GATEWAY": str(addresses.host),
            "NODE_ROUTES": " ".join(f"{other.pods}@{other.address}" for other in others),
            "NODE_HIERARCHIES": " ".join(hierarchies) if is_legacy else "",
        }


def _is_init(pid: int) -> bool:
    """Tell whether a process is PID 1 of a namespace right below ours: a node, not a pod in it.

    One that is about to be gone still has its number, but no program.
    """
    try:
        Path("/proc", str(pid), "exe").readlink()
        status = Path("/proc", str(pid), "status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    for line in status.splitlines():
        if line.startswith("NSpid:"):
            return line.split()[2:] == ["1"]
    return False
