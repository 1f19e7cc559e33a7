"""Which nodes are refused, each with the sentence that names the native way."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from wasmwright_installer.detect.daemon import CONTAINERD, ContainerRuntime
from wasmwright_installer.errors import UnsupportedNodeError

_IMMUTABLE = {
    "bottlerocket": "Bottlerocket generates its runtime configuration from API settings at boot; "
    "use a node image that holds the runtime, or another operating system for these nodes",
    "cos": "Container-Optimized OS forgets changes below /etc at each boot; "
    "use an Ubuntu node image for these nodes",
    "talos": "Talos builds its runtime configuration from the machine configuration; "
    "install the runtime as a Talos system extension",
}

_OPENSHIFT = (
    "OpenShift's Machine Config Operator owns the files of this node and takes back what others "
    "change; declare the handler in a MachineConfig, as a file below /etc/crio/crio.conf.d, and "
    "bring the runtime as an extension or with a layered image"
)
_COREOS = frozenset({"rhcos", "scos"})
_VENDOR_FOLDERS = ("/usr/lib/", "/usr/share/", "/nix/store/")

_DAEMONS = {CONTAINERD: ContainerRuntime.CONTAINERD, "crio": ContainerRuntime.CRIO}
"""By the name of the program."""


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What the host says of itself."""

    os_release: Mapping[str, str]
    machine_id: str
    boot_id: str
    cgroup_v2: bool
    has_dbus: bool

    @property
    def distribution(self) -> str:
        """`debian 13`: the operating system as os-release names it."""
        parts = (self.os_release.get("ID", ""), self.os_release.get("VERSION_ID", ""))
        return " ".join(part for part in parts if part)


def parse_os_release(text: str) -> dict[str, str]:
    """Read os-release(5): shell assignments, quoted or not."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        name, separator, value = line.strip().partition("=")
        if separator and not name.startswith("#"):
            words = shlex.split(value, comments=False) if value.count('"') != 1 else [value]
            values[name] = " ".join(words)
    return values


def refuse_immutable(node: NodeFacts) -> None:
    """Refuse an operating system whose runtime configuration is not kept in files."""
    identity = node.os_release.get("ID", "")
    if advice := _IMMUTABLE.get(identity):
        raise UnsupportedNodeError(advice, reason="ImmutableOS")
    is_coreos = identity in _COREOS or (
        identity in {"rhel", "centos"} and node.os_release.get("VARIANT_ID") == "coreos"
    )
    if is_coreos or "OPENSHIFT_VERSION" in node.os_release:
        raise UnsupportedNodeError(_OPENSHIFT, reason="ImmutableOS")


def runtime_of(name: str, socket: str) -> ContainerRuntime:
    """Return what kind of daemon answers on the kubelet's socket.

    Raises:
        UnsupportedNodeError: it is neither containerd nor CRI-O.
    """
    if name in _DAEMONS:
        return _DAEMONS[name]
    if name in {"cri-dockerd", "dockerd"}:
        raise UnsupportedNodeError(
            f"{name} answers on {socket}: Docker serves pods without runtime handlers, so no "
            "RuntimeClass has an effect here; let the kubelet use containerd, which Docker brings, "
            "and run again",
            reason="UnknownRuntime",
        )
    raise UnsupportedNodeError(
        f"{name} answers on {socket}, and only containerd and CRI-O are supported; "
        "use a node with one of these",
        reason="UnknownRuntime",
    )


def refuse_unsupervised(unit: str, runtime: str = CONTAINERD) -> None:
    """Refuse a daemon that systemd cannot restart."""
    if not unit:
        raise UnsupportedNodeError(
            f"{runtime} is not run by a systemd service on this node, so it cannot be restarted "
            "safely; run it as a systemd service",
            reason="NoSystemd",
        )


def refuse_vendor_file(config: str) -> None:
    """Refuse a main file that belongs to the operating system's image, as on Flatcar and NixOS."""
    if config.startswith(_VENDOR_FOLDERS):
        raise UnsupportedNodeError(
            f"containerd reads {config}, which belongs to the operating system and is replaced "
            "with it; copy it to /etc/containerd/config.toml and have the unit start containerd "
            "with that (on Flatcar a drop-in of containerd.service with "
            "Environment=CONTAINERD_CONFIG=/etc/containerd/config.toml does it)",
            reason="VendorFile",
        )
