"""kwok in the place of machines: it plays the nodes that say so and leaves all others alone."""

import socket
from pathlib import Path
from typing import Final

from localcluster import Cluster, binaries, cgroups
from localcluster.launch import launch

NAME: Final = "kwok"
PLAYED: Final = {"kwok.x-k8s.io/node": "fake"}
"""Annotations of a node that kwok plays."""
DOWN: Final = "wasmwright.test/down"
"""Annotation of such a node that is to be NotReady."""
ALL: Final = ("--manage-all-nodes=true",)
_LEASE_SECONDS: Final = 200


def only_played() -> tuple[str, ...]:
    """Return the options with which nodes without that annotation are left alone."""
    selector = ",".join(f"{key}={value}" for key, value in PLAYED.items())
    return ("--manage-all-nodes=false", f"--manage-nodes-with-annotation-selector={selector}")


def start(cluster: Cluster, stages: Path, log: Path, selection: tuple[str, ...]) -> None:
    """Start it among the cluster's own processes, so that it goes when they go."""
    program = binaries.ensure(NAME)
    argv = (
        *("setsid", "--fork", str(program)),
        f"--config={stages}",
        f"--kubeconfig={cluster.kubeconfig}",
        *selection,
        f"--node-lease-duration-seconds={_LEASE_SECONDS}",
        f"--server-address=127.0.0.1:{free_port()}",
    )
    launch(cgroups.host(), cgroups.group_name(cluster.name, NAME), argv, log=log)


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
