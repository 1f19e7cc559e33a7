"""Where the local cluster keeps its files: what can be made again, and what a cluster is.

The cache holds content-addressed things and is safe to delete while nothing is being built or up.
The state directory holds one directory for each cluster, which goes with the cluster.
"""

import os
from dataclasses import dataclass
from pathlib import Path


def cache_root() -> Path:
    """Return the directory of everything that can be made again."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "wasmwright"


def state_root() -> Path:
    """Return the directory of the clusters; `WASMWRIGHT_STATE` moves it to another file system."""
    return Path(os.environ.get("WASMWRIGHT_STATE") or "/var/lib/wasmwright/clusters")


def lock_root() -> Path:
    """Return the directory of the lock files, which no reboot may outlive."""
    return Path("/run/wasmwright")


@dataclass(frozen=True, slots=True)
class ClusterPaths:
    """The files of one cluster."""

    root: Path

    @property
    def record(self) -> Path:
        """What was asked for and which addresses it got; there from the first moment on."""
        return self.root / "cluster.json"

    @property
    def pki(self) -> Path:
        """Keys and certificates."""
        return self.root / "pki"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.root / "admin.kubeconfig"

    @property
    def logs(self) -> Path:
        """One file for each process of the control plane, and one for the boot of each node."""
        return self.root / "logs"

    @property
    def etcd(self) -> Path:
        """The data of etcd."""
        return self.root / "etcd"

    def node(self, name: str) -> Path:
        """Return the directory of one node's disk."""
        return self.root / "nodes" / name


def cluster_paths(name: str) -> ClusterPaths:
    """Return the paths of the cluster called `name`, whether it is there or not."""
    return ClusterPaths(state_root() / name)
