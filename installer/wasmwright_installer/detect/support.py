"""Which nodes are refused, each with the sentence that names the native way."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from wasmwright_installer.errors import UnsupportedNodeError

_IMMUTABLE = {
    "bottlerocket": "Bottlerocket generates its runtime configuration from API settings at boot; "
    "use a node image that holds the runtime, or another operating system for these nodes",
    "cos": "Container-Optimized OS forgets changes below /etc at each boot; "
    "use an Ubuntu node image for these nodes",
    "talos": "Talos builds its runtime configuration from the machine configuration; "
    "install the runtime as a Talos system extension",
}

_MANAGED = {
    "RKE2": (("rke2",), ("/var/lib/rancher/rke2/",)),
    "k3s": (("k3s",), ("/var/lib/rancher/k3s/", "/run/k3s/")),
    "k0s": (("k0s",), ("/var/lib/k0s/", "/run/k0s/", "/etc/k0s/", "/run/k0s.")),
    "MicroK8s": (("snap.microk8s.",), ("/var/snap/microk8s/", "/snap/microk8s/")),
}
"""Product -> beginnings of its units, beginnings of its paths. RKE2 keeps its socket below k3s's
directory, so it is asked first."""


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
    advice = _IMMUTABLE.get(node.os_release.get("ID", ""))
    if advice is not None:
        raise UnsupportedNodeError(f"{advice}", reason="ImmutableOS")


def refuse_foreign_daemon(executable: str, socket: str) -> None:
    """Refuse what answers on the kubelet's socket when it is not containerd."""
    name = executable.removesuffix(" (deleted)").rsplit("/", 1)[-1]
    if name == "containerd":
        return
    if name == "crio":
        message = (
            "this node runs CRI-O, which this version does not configure; use a containerd node"
        )
        raise UnsupportedNodeError(message, reason="CRIO")
    raise UnsupportedNodeError(
        f"{executable} answers on {socket}, and only containerd is supported; "
        "nodes that go through cri-dockerd have no runtime handlers at all",
        reason="NotContainerd",
    )


def refuse_managed(unit: str, *paths: str) -> None:
    """Refuse a containerd that a Kubernetes distribution starts and configures by itself."""
    for product, (units, beginnings) in _MANAGED.items():
        if unit.startswith(units) or any(path.startswith(beginnings) for path in paths):
            raise UnsupportedNodeError(
                f"containerd is managed by {product} on this node, which writes its configuration "
                f"anew at each start; this version does not configure {product}",
                reason="ManagedByDistribution",
            )
    if not unit:
        raise UnsupportedNodeError(
            "containerd is not run by a systemd service on this node, so it cannot be restarted "
            "safely; run it as a systemd service",
            reason="NoSystemd",
        )
