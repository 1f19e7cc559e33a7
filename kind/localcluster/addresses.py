"""The addresses and device names of a cluster, all derived from one small number.

Clusters that are up at the same time have different numbers. The bridge carries
`10.89.<index>.0/24` (the host has .1, node N has .10+N), the pods of node N have
`10.<160+index>.<N>.0/24`, and etcd listens on `127.89.<index>.1`, so that all ports stay the usual
ones. Services have the same range everywhere: it exists inside nodes only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from localcluster.errors import LocalClusterError

SERVICES: Final = IPv4Network("10.96.0.0/16")
API_SERVICE: Final = SERVICES[1]
API_PORT: Final = 6443
MOST_CLUSTERS: Final = 64


@dataclass(frozen=True, slots=True)
class NodeAddresses:
    """Where one node is."""

    address: IPv4Address
    pods: IPv4Network
    link: str
    """The host's end of the node's cable."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a cluster is."""

    index: int

    @property
    def bridge(self) -> str:
        """The switch that the nodes and the host are plugged into."""
        return f"wwbr{self.index}"

    @property
    def subnet(self) -> IPv4Network:
        """The network of the bridge."""
        return IPv4Network(f"10.89.{self.index}.0/24")

    @property
    def pods(self) -> IPv4Network:
        """The range that all pods of the cluster have their addresses from."""
        return IPv4Network(f"10.{160 + self.index}.0.0/16")

    @property
    def host(self) -> IPv4Address:
        """The host, as nodes and pods see it."""
        return self.subnet[1]

    @property
    def loopback(self) -> IPv4Address:
        """Where the control plane listens for itself."""
        return IPv4Address(f"127.89.{self.index}.1")

    @property
    def api(self) -> str:
        """The address of the API server."""
        return f"https://{self.host}:{API_PORT}"

    @property
    def etcd(self) -> str:
        """The address of etcd."""
        return f"http://{self.loopback}:2379"

    def node(self, number: int) -> NodeAddresses:
        """Return where node `number`, counted from 1, is."""
        first_pod = self.pods.network_address + number * 256
        return NodeAddresses(
            address=self.subnet[10 + number],
            pods=IPv4Network((first_pod, 24)),
            link=f"wwv{self.index}n{number}",
        )


def free_addresses(taken: Iterable[int], routes: Iterable[IPv4Network]) -> Addresses:
    """Return the first addresses that no cluster has and that hide nothing the host can reach."""
    taken, routes = set(taken), tuple(routes)
    for candidate in map(Addresses, range(MOST_CLUSTERS)):
        ranges = (candidate.subnet, candidate.pods)
        hidden = any(route.overlaps(own) for route in routes for own in ranges)
        if candidate.index not in taken and not hidden:
            return candidate
    raise LocalClusterError(
        f"all {MOST_CLUSTERS} address ranges of local clusters are in use or routed elsewhere:"
        " take a cluster down with `python -m localcluster down`"
    )
