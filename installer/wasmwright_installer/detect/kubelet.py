"""Where a kubelet expects its container runtime: decided from what its process was started with.

Some distributions run the kubelet inside a process of their own, which has another name, another
default, and other files that say otherwise.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wasmwright_installer.detect.daemon import DEFAULT_SOCKET, flag

_RANCHER_SOCKET = "/run/k3s/containerd/containerd.sock"
_MICROK8S: Final = {
    "SNAP_COMMON": "/var/snap/microk8s/common",
    "SNAP_DATA": "/var/snap/microk8s/current",
}

_ENDPOINT = re.compile(
    r"""(?:^|[{,])\s*["']?containerRuntimeEndpoint["']?\s*:\s*["']?([^\s"',}#]+)""", re.MULTILINE
)
_SETTING = re.compile(
    r"""^\s*["']?container-runtime-endpoint["']?\s*:\s*["']?([^\s"'#]+)""", re.MULTILINE
)
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")


@dataclass(frozen=True, slots=True)
class Kind:
    """A process that is a kubelet or holds one."""

    name: str
    """As the kernel calls it."""
    socket: str = DEFAULT_SOCKET
    """Where it expects its runtime when nobody tells it."""


KINDS: Final = (
    Kind("kubelet"),
    Kind("kubelite", "/var/snap/microk8s/common/run/containerd.sock"),
    Kind("k3s-server", _RANCHER_SOCKET),
    Kind("k3s-agent", _RANCHER_SOCKET),
    Kind("k3s", _RANCHER_SOCKET),
)
"""In the order in which they are looked for."""

OTHER: Final = Kind("", DEFAULT_SOCKET)
"""No kubelet runs now."""


def settings_files(kind: Kind, arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the files of a distribution's own that may name the endpoint."""
    match kind.name:
        case "kubelite":
            return (flag(arguments, "--kubelet-args-file"),)
        case "k3s-server" | "k3s-agent" | "k3s":
            return (flag(arguments, "--config", "-c") or "/etc/rancher/k3s/config.yaml",)
        case _:
            return ()


def config_folder(kind: Kind, arguments: Sequence[str]) -> str:
    """Return the directory of the kubelet's drop-in configuration, or "".

    k3s erases its flags from its command line. What is read without them is the usual directory,
    and where that says nothing the usual socket, which every data directory shares.
    """
    if kind.name.startswith("k3s"):
        data = flag(arguments, "--data-dir", "-d") or "/var/lib/rancher/k3s"
        return f"{data.rstrip('/')}/agent/etc/kubelet.conf.d"
    return flag(arguments, "--config-dir")


def endpoint_in_settings(text: str) -> str:
    """Return the endpoint that a distribution's own file names, or "".

    Such a file holds either settings in YAML, or a kubelet's flags with the snap's variables.
    """
    found = _SETTING.search(text)
    if found:
        return found[1]
    named = flag(text.split(), "--container-runtime-endpoint")
    return _VARIABLE.sub(lambda name: _MICROK8S.get(name[1], name[0]), named)


def endpoint_in_config(text: str) -> str:
    """Return `containerRuntimeEndpoint` of a KubeletConfiguration in YAML or JSON, or ""."""
    found = _ENDPOINT.search(text)
    return found[1] if found else ""
