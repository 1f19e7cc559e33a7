"""A real Kubernetes with real nodes on one Linux machine: no Docker, no image registry.

    from localcluster import Cluster, ClusterSpec

    cluster = Cluster.up(ClusterSpec(name="e2e", nodes=("containerd-1.7", "containerd-2.4")))
    cluster.kubectl("get", "nodes")
    cluster.down()

The command line is `python -m localcluster`; docs/local-cluster.md tells the rest. The names below
are loaded when they are used, so that `localcluster.preflight` runs where no package is installed.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localcluster.cluster import Cluster
    from localcluster.node import Node
    from localcluster.spec import ClusterSpec

__all__ = ["Cluster", "ClusterSpec", "Node"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = {"Cluster": "cluster", "Node": "node", "ClusterSpec": "spec"}[name]
    return getattr(import_module(f"{__name__}.{module}"), name)
