"""Clusters for tests: one control plane and one cluster per session, raised when first asked for.

With WASMWRIGHT_KEEP_CLUSTER=1 they stay up after the session, to be looked into and found again.
"""

import os
from collections.abc import Iterator

import pytest

from localcluster import lifecycle
from localcluster.cluster import Cluster
from localcluster.spec import ClusterSpec

KEEP = "WASMWRIGHT_KEEP_CLUSTER"


@pytest.fixture(scope="session")
def control_plane() -> Iterator[Cluster]:
    """A cluster without nodes: etcd, API server, controller manager and scheduler."""
    yield from _session_cluster(ClusterSpec(name="test-control-plane", nodes=()))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A cluster with two nodes, of containerd 1.7 and of containerd 2.4."""
    spec = ClusterSpec(name="test", nodes=("containerd-1.7", "containerd-2.4"))
    yield from _session_cluster(spec)


def _session_cluster(spec: ClusterSpec) -> Iterator[Cluster]:
    """Yield a fresh cluster, and take it down whatever happens: also if it never came up."""
    keeps = os.environ.get(KEEP) == "1"
    try:
        if not keeps:
            lifecycle.down(spec.name)
        yield Cluster.up(spec)
    finally:
        if not keeps:
            lifecycle.down(spec.name)
