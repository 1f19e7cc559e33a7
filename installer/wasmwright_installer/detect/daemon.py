"""Which daemon serves the kubelet: decided from command lines, files and cgroups, never by name.

Everything the daemon was started with can be read from the running process, so an unknown
distribution needs no row in a table as long as it runs containerd in the usual way.
"""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from wasmwright_installer.errors import UnsupportedNodeError

DEFAULT_SOCKET = "/run/containerd/containerd.sock"
"""Where the kubelet looks when nobody tells it."""

CONTAINERD = "containerd"

GONE = " (deleted)"
"""What the kernel says behind the path of an executable that was replaced."""

DEFAULT_CONFIG = "/etc/containerd/config.toml"

_VERSION = re.compile(r"\bv?(\d+)\.(\d+)(?:\.\S*)?")


class ContainerRuntime(StrEnum):
    """What kinds of daemon are changed, as a Node's `containerRuntimeVersion` names them."""

    CONTAINERD = "containerd"
    CRIO = "cri-o"


@dataclass(frozen=True, slots=True)
class Version:
    """A daemon's version: what is compared, and the text as it was printed."""

    major: int
    minor: int
    text: str


@dataclass(frozen=True, slots=True)
class Daemon:
    """The process that answers on the kubelet's CRI endpoint, and how it is kept alive."""

    socket: str
    pid: int
    executable: str
    config_path: str
    unit: str
    """The systemd unit; empty when systemd does not supervise the process."""
    version: Version
    arguments: tuple[str, ...] = ()
    supervisor: tuple[str, ...] = ()
    """Command line of the process that started it, where that is not systemd."""
    runtime: ContainerRuntime = ContainerRuntime.CONTAINERD
    config_folder: str = ""
    """The directory whose files are all laid over the main one; empty where there is no such."""


def flag(arguments: Sequence[str], *names: str) -> str:
    """Return a flag's last value, of `--name value` or `--name=value`; "" = not given."""
    found = ""
    for position, argument in enumerate(arguments):
        name, separator, value = argument.partition("=")
        if name not in names:
            continue
        if separator:
            found = value
        elif position + 1 < len(arguments):
            found = arguments[position + 1]
    return found


def socket_path(endpoint: str) -> str:
    """Return the path in a CRI endpoint: `unix:///run/x.sock` or a bare path."""
    path = endpoint.removeprefix("unix://")
    if not path.startswith("/"):
        raise UnsupportedNodeError(
            f"kubelet's container runtime endpoint {endpoint!r} is no unix socket; "
            "only a local container runtime can be changed",
            reason="UnsupportedEndpoint",
        )
    return path


def config_path(arguments: Sequence[str], working_directory: str) -> str:
    """Return the configuration file that a containerd with this command line reads."""
    path = flag(arguments[1:], "--config", "-config", "-c", "--c") or DEFAULT_CONFIG
    return path if path.startswith("/") else f"{working_directory.rstrip('/')}/{path}"


def program_name(executable: str, arguments: Sequence[str]) -> str:
    """Return which daemon a process is.

    One file may hold many programs and go by the name that it is called by, as k3s's does.
    """
    name = posixpath.basename(executable.removesuffix(GONE))
    called = posixpath.basename(arguments[0]) if arguments else name
    return called if called == CONTAINERD else name


def systemd_unit(cgroup: str) -> str:
    """Return the service in the text of `/proc/<pid>/cgroup`, or "".

    systemd's own hierarchy counts before the unified one. Paths may be relative to the reader's
    cgroup namespace (`/../../system.slice/containerd.service`), so only the parts are looked at.
    """
    lines = [line.split(":", 2) for line in cgroup.splitlines() if line.count(":") > 1]
    named = [path for _, controllers, path in lines if controllers == "name=systemd"]
    unified = [path for number, controllers, path in lines if number == "0" and not controllers]
    for path in (*named, *unified):
        services = [part for part in path.split("/") if part.endswith(".service")]
        if services:
            return services[-1]
    return ""


def parse_version(output: str) -> Version:
    """Read what `containerd --version` prints: program, module path, version, revision."""
    for word in output.split()[1:]:
        found = _VERSION.fullmatch(word)
        if found:
            return Version(int(found[1]), int(found[2]), word.removeprefix("v"))
    raise UnsupportedNodeError(
        f"the container runtime's version cannot be read from {output.strip()!r}",
        reason="UnknownVersion",
    )
