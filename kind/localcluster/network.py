"""The host's side of the cluster's network: a bridge, a plug for each node, routes to the pods.

The node's side is laid by node.sh in the node's own namespace, which goes with the node and takes
the cable along. A firewall of the host that forwards nothing by default also stops frames between
two ports of a bridge (`bridge-nf-call-iptables`), so there, and only there, one rule is added.
"""

import json
import shutil
import time
from collections.abc import Iterable
from ipaddress import IPv4Network
from pathlib import Path

from localcluster import commands
from localcluster.addresses import Addresses
from localcluster.errors import LocalClusterError


def host_routes() -> tuple[IPv4Network, ...]:
    """Return the ranges that this machine routes somewhere, the default route aside."""
    return parse_routes(commands.run("ip", "-json", "-4", "route", "show"))


def parse_routes(listing: str) -> tuple[IPv4Network, ...]:
    """Read the output of `ip -json -4 route show`."""
    targets = (route["dst"] for route in json.loads(listing or "[]"))
    return tuple(IPv4Network(target) for target in targets if target != "default")


def ensure_bridge(addresses: Addresses, nodes: int) -> None:
    """Make the bridge with the host's address and the routes to the pods of `nodes` nodes."""
    bridge = addresses.bridge
    if not _exists(bridge):
        _change("ip", "link", "add", bridge, "type", "bridge")
    host = f"{addresses.host}/{addresses.subnet.prefixlen}"
    _change("ip", "address", "replace", host, "dev", bridge)
    _change("ip", "link", "set", bridge, "up")
    for node in (addresses.node(number) for number in range(1, nodes + 1)):
        way = ("via", str(node.address), "dev", bridge)
        _change("ip", "route", "replace", str(node.pods), *way)
    if _firewall_blocks(bridge):
        _change("iptables", "-w", "-I", *_rule(bridge))


def plug_in(addresses: Addresses, number: int) -> None:
    """Connect the host's end of a node's cable to the bridge."""
    link = addresses.node(number).link
    _change("ip", "link", "set", link, "master", addresses.bridge, "up")


def remove(addresses: Addresses, *, timeout: float = 10) -> None:
    """Remove the bridge, the cables and the firewall rule, as far as they are there.

    A cable goes by itself when the kernel gets to the node's namespace; this hurries it.
    """
    if shutil.which("iptables"):
        while _has_rule(addresses.bridge):
            commands.run("iptables", "-w", "-D", *_rule(addresses.bridge))
    deadline = time.monotonic() + timeout
    while links := tuple(_links_of(addresses)):
        if time.monotonic() > deadline:
            raise LocalClusterError(f"could not remove the network links {', '.join(links)}")
        for link in links:
            commands.run("ip", "link", "delete", link, check=False)


def _change(*argv: str) -> None:
    """Run a program that leaves something behind; who takes the cluster down waits for its end."""
    commands.run(*argv, holds_locks=True)


def _links_of(addresses: Addresses) -> Iterable[str]:
    cables = f"wwv{addresses.index}n"
    for link in Path("/sys/class/net").iterdir():
        if link.name == addresses.bridge or link.name.startswith(cables):
            yield link.name


def _exists(link: str) -> bool:
    return Path("/sys/class/net", link).exists()


def _rule(bridge: str) -> tuple[str, ...]:
    return ("FORWARD", "-i", bridge, "-o", bridge, "-j", "ACCEPT")


def _has_rule(bridge: str) -> bool:
    return any(
        line.startswith("-A FORWARD") and f"-i {bridge} -o {bridge} " in line
        for line in commands.run("iptables-save", "-t", "filter", check=False).splitlines()
    )


def _firewall_blocks(bridge: str) -> bool:
    if not shutil.which("iptables-save"):
        return False
    return blocks_forwarding(commands.run("iptables-save", "-t", "filter", check=False), bridge)


def blocks_forwarding(filter_table: str, bridge: str) -> bool:
    """Tell whether `iptables-save -t filter` shows a firewall in the way that lacks our rule."""
    lines = filter_table.splitlines()
    rules = [line for line in lines if line.startswith("-A FORWARD")]
    drops = any(line.startswith(":FORWARD ") and " ACCEPT " not in line for line in lines)
    ours = any(f"-i {bridge} -o {bridge} " in rule for rule in rules)
    return (drops or bool(rules)) and not ours
