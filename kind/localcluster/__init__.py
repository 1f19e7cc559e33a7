"""A real Kubernetes with real nodes on one Linux machine: no Docker, no image registry.

    from localcluster import Cluster, ClusterSpec

    cluster = Cluster.up(ClusterSpec(name="e2e", nodes=("containerd-1.7", "containerd-2.4")))
    cluster.kubectl("get", "nodes")
    cluster.down()

The command line is `python -m localcluster`; docs/local-cluster.md tells the rest.
"""

from localcluster.cluster import Cluster
from localcluster.node import Node
from localcluster.spec import ClusterSpec

__all__ = ["Cluster", "ClusterSpec", "Node"]
