"""Distributions as a node sees them: paths, sockets, units, and how containerd's file is made.

None of them is installed. A real containerd and a real kubelet run where the product has them, and
a script of `layout_scripts/` does what the product does at a start, by its documentation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_SCRIPTS: Final = Path(__file__).with_name("layout_scripts")
HOME: Final = "/usr/local/lib/layout"
"""Where a node has its script; the script's name is the word that the product is called with."""

PAUSE_ARCHIVE: Final = "/usr/local/share/wasmwright/pause.tar"
KUBELET: Final = "/usr/local/bin/kubelet"


@dataclass(frozen=True, slots=True)
class Unit:
    """A service of a distribution."""

    name: str
    command: str
    """The line behind ExecStart=."""
    environment: Mapping[str, str] = field(default_factory=dict)
    needs_api: bool = True
    """Whether it holds the kubelet, which waits for the API server."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a distribution has containerd and the kubelet, and what starts them."""

    socket: str
    containerd: str
    """Path of its executable."""
    units: tuple[Unit, ...]
    files: Mapping[str, str]
    links: Mapping[str, str]
    kubelet_config: str
    """Path of the kubelet's configuration."""


def _script(name: str) -> str:
    return (_SCRIPTS / f"{name}.sh").read_text()


def _called(program: str, word: str) -> str:
    """Return a command whose processes look like the product's: `/usr/local/bin/k3s agent`."""
    return f"@/bin/bash {program} {word}"


def _rancher(
    product: str, role: str, unit: str, *, base: Mapping[str, str], embedded: str, containerd: str
) -> Layout:
    data = f"/var/lib/rancher/{product}"
    folder = f"{data}/data/current/bin"
    socket = "/run/k3s/containerd/containerd.sock"
    holder = embedded or "kubelet"
    return Layout(
        socket=socket,
        containerd=f"{folder}/{containerd}",
        units=(
            Unit(
                unit,
                _called(f"/usr/local/bin/{product}", role),
                {
                    "DATA": data,
                    "SOCKET": socket,
                    "STATE": "/run/k3s/containerd",
                    "EMBEDDED": embedded,
                },
            ),
        ),
        files={
            f"{HOME}/{role}": _script("rancher"),
            f"{HOME}/none.tmpl": '{{ template "base" . }}\n',
            **{f"{HOME}/{name}": text for name, text in base.items()},
        },
        links={
            f"{folder}/{holder}": KUBELET,
            **({} if containerd == "containerd" else {f"{folder}/containerd": containerd}),
        },
        kubelet_config=f"{data}/agent/etc/kubelet.conf.d/00-layout.conf",
    )


def k3s(base: str) -> Layout:
    """Have containerd 1.7: an agent under a unit of another name, all programs in one file."""
    return _rancher(
        "k3s",
        "agent",
        "k3s-edge",
        base={"base-v2.toml": base},
        embedded="k3s-agent",
        containerd="k3s",
    )


def rke2(base: str) -> Layout:
    """Have containerd 2.x: a server whose rendered file imports a directory."""
    glob = "/var/lib/rancher/rke2/agent/etc/containerd/config-v3.toml.d/*.toml"
    imports = f'version = 3\nimports = ["{glob}"]\n'
    return _rancher(
        "rke2",
        "server",
        "rke2-server",
        base={"base-v3.toml": base.replace("version = 3\n", imports, 1)},
        embedded="",
        containerd="containerd",
    )


def k0s(base: str) -> Layout:
    """Have containerd 2.x: a worker whose containerd is restarted by k0s itself."""
    socket = "/run/k0s/containerd.sock"
    head = '# k0s_managed=true\nversion = 3\nimports = ["/etc/k0s/containerd.d/*.toml"]\n'
    environment = {"SOCKET": socket, "STATE": "/run/k0s/containerd"}
    return Layout(
        socket=socket,
        containerd="/var/lib/k0s/bin/containerd",
        units=(Unit("k0sworker", _called("/usr/local/bin/k0s", "worker"), environment),),
        files={
            f"{HOME}/worker": _script("k0s"),
            f"{HOME}/containerd.toml": base.replace("version = 3\n", head, 1),
        },
        links={"/var/lib/k0s/bin/kubelet": KUBELET},
        kubelet_config="/var/lib/k0s/kubelet-config.yaml",
    )


def microk8s(base: str) -> Layout:
    """Have containerd 2.x, a template of the older schema, kubelet and containerd in two units."""
    snap, data, common = "/snap/microk8s/1", "/var/snap/microk8s/1", "/var/snap/microk8s/common"
    socket = f"{common}/run/containerd.sock"
    plugins = "/usr/lib/cni"
    environment = {"SNAP": snap, "SNAP_DATA": data, "SNAP_COMMON": common, "SOCKET": socket}
    imported = f"until ctr -a {socket} -n k8s.io images import --all-platforms {PAUSE_ARCHIVE}"
    kubelite = f"/bin/bash -c '{imported}; do sleep 0.1; done; exec {snap}/kubelite $KUBELET'"
    return Layout(
        socket=socket,
        containerd=f"{snap}/bin/containerd",
        units=(
            Unit(
                "snap.microk8s.daemon-containerd",
                f"/bin/bash {HOME}/run-containerd",
                environment,
                needs_api=False,
            ),
            Unit("snap.microk8s.daemon-kubelite", kubelite),
        ),
        files={
            f"{HOME}/run-containerd": _script("microk8s"),
            f"{data}/args/containerd-template.toml": base.replace(
                plugins, "${SNAP_DATA}/opt/cni/bin"
            ),
        },
        links={
            "/var/snap/microk8s/current": "1",
            f"{data}/opt/cni/bin": plugins,
            f"{snap}/kubelite": KUBELET,
        },
        kubelet_config=f"{data}/args/kubelet-config.yaml",
    )
