"""Clusters for tests: one control plane and one cluster per session, raised when first asked for.

Sessions that run at the same time get clusters of different names. With WASMWRIGHT_KEEP_CLUSTER=1
the clusters stay up after the session, to be looked into and found again.
"""

import os
from collections.abc import Generator, Iterator, Mapping
from typing import Final

import pytest

from localcluster import lifecycle, locks, paths
from localcluster.addresses import MOST_CLUSTERS
from localcluster.cluster import Cluster
from localcluster.spec import ClusterSpec
from localcluster.units import CONTROLLER_MANAGER

QUICK_CONTROLLERS: Final = (
    "--kube-api-qps=500",
    "--kube-api-burst=1000",
    "--concurrent-job-syncs=20",
    "--node-monitor-grace-period=24h",
    "--node-startup-grace-period=24h",
)
"""The defaults (20 requests per second, 5 Jobs at a time) allow some 4 Jobs per second.

Nodes that are only objects have no heartbeat, and a node made anew under the name of an older one
inherits the age of the older one's: with a short grace it is unreachable as soon as it is there.
"""

KEEP: Final = "WASMWRIGHT_KEEP_CLUSTER"
_SUFFIX: Final = ".session"


@pytest.fixture(scope="session")
def control_plane() -> Iterator[Cluster]:
    """A cluster without nodes: etcd, API server, controller manager and scheduler."""
    quick = {CONTROLLER_MANAGER: QUICK_CONTROLLERS}
    yield from session_cluster("test-control-plane", (), quick)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A cluster with two nodes, of containerd 1.7 and of containerd 2.4."""
    yield from session_cluster("test", ("containerd-1.7", "containerd-2.4"))


def session_cluster(
    base: str, nodes: tuple[str, ...], arguments: Mapping[str, tuple[str, ...]] | None = None
) -> Generator[Cluster, None, None]:
    """Yield a fresh cluster, and take it down whatever happens: also if it never came up.

    The session holds a lock named after the cluster, so a cluster whose lock is free is what a
    killed session left behind.
    """
    names = (base, *(f"{base}-{number}" for number in range(2, MOST_CLUSTERS)))
    keeps = os.environ.get(KEEP) == "1"
    with locks.first_free(paths.lock_root() / f"{name}{_SUFFIX}" for name in names) as held:
        name = held.name.removesuffix(_SUFFIX)
        try:
            if not keeps:
                lifecycle.down(name)
            yield Cluster.up(ClusterSpec(name=name, nodes=nodes, arguments=arguments or {}))
        finally:
            if not keeps:
                lifecycle.down(name)
