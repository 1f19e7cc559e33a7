"""Every kind of node that is changed, the particular before the general."""

from typing import Final

from wasmwright_installer.detect.daemon import Daemon
from wasmwright_installer.errors import UnsupportedNodeError
from wasmwright_installer.layouts.containerd1 import CONTAINERD_1
from wasmwright_installer.layouts.containerd2 import CONTAINERD_2
from wasmwright_installer.layouts.crio import CRIO
from wasmwright_installer.layouts.k0s import K0S
from wasmwright_installer.layouts.layout import Layout
from wasmwright_installer.layouts.microk8s import MICROK8S
from wasmwright_installer.layouts.rancher import K3S, RKE2

LAYOUTS: Final = (CRIO, RKE2, K3S, K0S, MICROK8S, CONTAINERD_1, CONTAINERD_2)


def layout_of(daemon: Daemon) -> Layout:
    """Return the row of the node that a daemon runs on.

    Raises:
        UnsupportedNodeError: there is none.
    """
    for layout in LAYOUTS:
        if layout.is_for(daemon):
            return layout
    raise UnsupportedNodeError(
        f"{daemon.executable} {daemon.version.text} is no container runtime that can be changed",
        reason="UnknownLayout",
    )
