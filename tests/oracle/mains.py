"""Main files of containerd as nodes have them, from every distribution and from every hand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from oracle.oracles import Oracle
from unit.installer.mains import SCHEMA_2, schema_3
from wasmwright_installer.detect.daemon import DEFAULT_CONFIG

_FOLDER: Final = Path(__file__).parents[1] / "fixtures/mains"
_BASE_SPEC: Final = {
    "/etc/containerd/cri-base.json": b"{}",
    "/etc/containerd/base-runtime-spec.json": b"{}",
}


@dataclass(frozen=True, slots=True)
class Main:
    """A main file with what lies around it."""

    name: str
    content: bytes | None
    """None = there is none."""
    path: str = DEFAULT_CONFIG
    since: tuple[int, int] = (1, 6)
    """The first release that reads it."""
    others: Mapping[str, bytes] = field(default_factory=dict)
    link: str = ""
    """Where the main file really lies, if its path is a symlink."""
    saved: Callable[[Oracle, Path], bytes] | None = None
    """Makes the content instead, from what the daemon itself prints."""

    def put(self, root: Path, oracle: Oracle) -> None:
        """Write the files below a node's `/`."""
        (root / "etc").mkdir(parents=True)
        content = self.saved(oracle, root) if self.saved else self.content
        files = {**self.others, **({} if content is None else {self.link or self.path: content})}
        for path, text in files.items():
            place = root / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text)
        if self.link:
            place = root / self.path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(self.link)


def _like(name: str, file: str, **more: Any) -> Main:
    return Main(name, (_FOLDER / f"{file}.toml").read_bytes(), **more)


def _with_systemd_cgroup(oracle: Oracle, root: Path) -> bytes:
    """Do what the installation guide of kubeadm says."""
    text = oracle.defaults(root)
    assert "SystemdCgroup = false" in text or oracle.release >= (2, 0)
    return text.replace("SystemdCgroup = false", "SystemdCgroup = true").encode()


V2: Final = (1, 6)
V3: Final = (2, 0)
V4: Final = (2, 3)

DISTRIBUTIONS: Final = (
    _like("kind", "kind", others=_BASE_SPEC),
    Main("kubeadm (saved defaults)", None, saved=_with_systemd_cgroup),
    _like("AKS schema 2", "aks-v2"),
    _like("AKS hybrid", "aks-hybrid", since=V3),
    _like("EKS schema 2", "eks-v2", others=_BASE_SPEC),
    _like("EKS schema 3", "eks-v3", since=V3, others=_BASE_SPEC),
    _like(
        "k3s rendered schema 2",
        "k3s-v2",
        path="/var/lib/rancher/k3s/agent/etc/containerd/config.toml",
    ),
    _like(
        "k3s rendered schema 3",
        "k3s-v3",
        path="/var/lib/rancher/k3s/agent/etc/containerd/config.toml",
        since=V3,
    ),
    _like(
        "RKE2 rendered",
        "rke2",
        path="/var/lib/rancher/rke2/agent/etc/containerd/config.toml",
        since=V3,
    ),
    _like(
        "k0s schema 2",
        "k0s-v2",
        path="/etc/k0s/containerd.toml",
        others={"/run/k0s/containerd-cri.toml": (_FOLDER / "k0s-v2-cri.toml").read_bytes()},
    ),
    _like("k0s schema 3", "k0s", path="/etc/k0s/containerd.toml", since=V3),
    _like("MicroK8s rendered", "microk8s", path="/var/snap/microk8s/current/args/containerd.toml"),
    _like("minikube", "minikube"),
    _like(
        "NVIDIA toolkit",
        "nvidia-toolkit",
        since=V3,
        others={
            "/etc/containerd/conf.d/99-nvidia.toml": (
                _FOLDER / "nvidia-toolkit-99.toml"
            ).read_bytes()
        },
    ),
    Main("missing file", None),
)

_OTHER: Final = {"/etc/containerd/other/10.toml": b'[proxy_plugins.theirs]\n  type = "snapshot"\n'}

_HOSTILE_2: Final = tuple(
    Main(f"{name}, schema 2", text.encode(), others=_OTHER) for name, text in SCHEMA_2.items()
)
_HOSTILE_3: Final = tuple(
    Main(f"{name}, schema 3", schema_3(text).encode(), since=V3, others=_OTHER)
    for name, text in SCHEMA_2.items()
    if schema_3(text) != text
)
HOSTILE: Final = (
    *_HOSTILE_2,
    *_HOSTILE_3,
    Main("symlink", SCHEMA_2["plain"].encode(), link="/etc/containerd.d/main.toml"),
    Main("schema 4", schema_3(SCHEMA_2["plain"]).replace("= 3", "= 4").encode(), since=V4),
)
EVERY: Final = (*DISTRIBUTIONS, *HOSTILE)
