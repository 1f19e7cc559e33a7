"""Connections to the cluster under test, which stay open.

Tests look many times a second. Each look by kubectl would cost a processor 40 ms, each object that
it applies 190.
"""

import atexit
import threading
from functools import cache
from pathlib import Path

from integration.operator.api import Api
from localcluster import Cluster


def api(cluster: Cluster) -> Api:
    """Return a client of its own for each thread that asks."""
    written = cluster.kubeconfig.stat().st_mtime_ns
    return _connected(cluster.kubeconfig, written, threading.get_ident())


@cache
def _connected(kubeconfig: Path, _written: int, _thread: int) -> Api:
    """Return a client; a cluster that is raised again under its name gets another one.

    Each thread has its own: from a pool that threads share, one was given a connection that another
    was just closing.
    """
    api = Api(kubeconfig)
    atexit.register(api.client.close)
    return api
