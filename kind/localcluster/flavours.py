"""Kinds of node: which container runtime it has, where that comes from, how it is configured.

A flavour is data. What every node has (systemd, kubelet, crun with WasmEdge, CNI) is not in it.
"""

from dataclasses import dataclass
from typing import Final

from localcluster import layouts
from localcluster.errors import SpecError
from localcluster.layouts import Layout

PAUSE_IMAGE: Final = "localhost/pause:1"
CNI_PLUGINS: Final = "/usr/lib/cni"
SOCKET: Final = "/run/containerd/containerd.sock"
CONFIG_FILE: Final = "/etc/containerd/config.toml"


@dataclass(frozen=True, slots=True)
class Flavour:
    """A kind of node."""

    name: str
    config: str
    """Content of containerd's configuration file."""
    component: str | None = None
    """The component whose programs stand over Debian's in /usr/bin; None = Debian's own."""
    layout: Layout | None = None
    """The distribution as which the node is laid out; None = as Debian has containerd."""

    @property
    def socket(self) -> str:
        """Where containerd listens."""
        return self.layout.socket if self.layout else SOCKET

    @property
    def units(self) -> tuple[str, ...]:
        """The units that hold kubelet and containerd."""
        if self.layout is None:
            return ("kubelet", "containerd")
        return tuple(unit.name for unit in self.layout.units)


CONTAINERD_1_7: Final = Flavour(
    "containerd-1.7",
    config=f"""\
version = 2

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  restrict_oom_score_adj = true

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{CNI_PLUGINS}"

  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = true
""",
)

CONTAINERD_2_4: Final = Flavour(
    "containerd-2.4",
    component="containerd-2.4",
    config=f"""\
version = 3

[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "{PAUSE_IMAGE}"

[plugins."io.containerd.cri.v1.images".registry]
  config_path = "/etc/containerd/certs.d"

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true

  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["{CNI_PLUGINS}"]

  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"

    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      SystemdCgroup = true
""",
)

LAYOUTS: Final = (
    Flavour("k3s-layout", config="", layout=layouts.k3s(CONTAINERD_1_7.config)),
    Flavour(
        "rke2-layout",
        config="",
        component="containerd-2.4",
        layout=layouts.rke2(CONTAINERD_2_4.config),
    ),
    Flavour(
        "k0s-layout",
        config="",
        component="containerd-2.4",
        layout=layouts.k0s(CONTAINERD_2_4.config),
    ),
    Flavour(
        "microk8s-layout",
        config="",
        component="containerd-2.4",
        layout=layouts.microk8s(CONTAINERD_1_7.config),
    ),
)
"""Not the products: containerd and kubelet as those have them."""

FLAVOURS: Final = (CONTAINERD_1_7, CONTAINERD_2_4, *LAYOUTS)


def flavour(name: str) -> Flavour:
    """Return the flavour called `name`; SpecError names those that there are."""
    for known in FLAVOURS:
        if known.name == name:
            return known
    names = ", ".join(known.name for known in FLAVOURS)
    raise SpecError(f"there is no node flavour {name!r}: the flavours are {names}")
