"""Main files of containerd as nodes have them, from every distribution and from every hand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from oracle.oracles import Oracle
from unit.installer.mains import RUNC, SCHEMA_2, G, R, schema_3
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


def read(name: str) -> bytes:
    """Return a main file of the fixtures."""
    return (_FOLDER / f"{name}.toml").read_bytes()


def _like(name: str, file: str, **more: Any) -> Main:
    return Main(name, read(file), **more)


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
        others={"/run/k0s/containerd-cri.toml": read("k0s-v2-cri")},
    ),
    _like("k0s schema 3", "k0s", path="/etc/k0s/containerd.toml", since=V3),
    _like("MicroK8s rendered", "microk8s", path="/var/snap/microk8s/current/args/containerd.toml"),
    _like("minikube", "minikube"),
    _like(
        "NVIDIA toolkit",
        "nvidia-toolkit",
        since=V3,
        others={"/etc/containerd/conf.d/99-nvidia.toml": read("nvidia-toolkit-99")},
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


def _hostile(name: str, text: str, since: tuple[int, int]) -> Main:
    return Main(name, text.encode(), since=since, others=_OTHER)


HOSTILE: Final = (
    *_HOSTILE_2,
    *_HOSTILE_3,
    _hostile("no version, older table", RUNC, V3),
    _hostile("no version, newer table", RUNC.replace(G, R), V3),
    _hostile("handlers in both tables", f"version = 2\n{RUNC}{RUNC.replace(G, R)}", V3),
    _hostile("older table in schema 3", f"version = 3\n{RUNC}", V3),
    _hostile("no handler in the table", f"version = 2\n[{G}.containerd.runtimes]\n", V3),
    _hostile("literal import", f'version = 2\nimports = ["other/10.toml"]\n{RUNC}', V2),
    _hostile("glob that reaches us", f'version = 2\nimports = ["conf.d/*.toml"]\n{RUNC}', V3),
    _hostile("import of all files", f'version = 2\nimports = ["other/*"]\n{RUNC}', V3),
    Main("symlink", SCHEMA_2["plain"].encode(), link="/etc/containerd.d/main.toml"),
    Main("schema 4", schema_3(SCHEMA_2["plain"]).replace("= 3", "= 4").encode(), since=V4),
)
EVERY: Final = (*DISTRIBUTIONS, *HOSTILE)
