"""Read objects of the cluster under test."""

from typing import Any, Final

from integration.operator.api import CLASSES, CRDS, NAMESPACES, NODES, WN, WRT
from localcluster import Cluster, Node
from support.kube_api import api
from support.waiting import eventually

_PATHS: Final = {
    "crd": CRDS,
    "namespace": NAMESPACES,
    "node": NODES,
    "pod": f"{NAMESPACES}/default/pods",
    "system-pod": f"{NAMESPACES}/wasmwright-system/pods",
    "runtimeclass": CLASSES,
    "wn": WN,
    "wrt": WRT,
}


def get(cluster: Cluster, kind: str, name: str) -> dict[str, Any]:
    """Return one object, or an empty one when it is not there."""
    return api(cluster).get(f"{_PATHS[kind]}/{name}")


def items(cluster: Cluster, kind: str) -> list[dict[str, Any]]:
    """Return all objects of a kind."""
    return api(cluster).items(_PATHS[kind])


def condition(thing: dict[str, Any], kind: str) -> dict[str, str]:
    """Return one condition of an object's status, empty when it has none of that type."""
    conditions = thing.get("status", {}).get("conditions") or []
    return next((dict(c) for c in conditions if c["type"] == kind), {})


def wait_established(cluster: Cluster, crd: str) -> None:
    """Wait until the API server takes objects of a kind.

    `kubectl wait` fails instead when it comes before the first condition has been written.
    """
    eventually(
        lambda: condition(get(cluster, "crd", crd), "Established").get("status"),
        until=lambda status: status == "True",
        within=60,
    )


def labels(cluster: Cluster, node: Node) -> dict[str, str]:
    """Return the labels of a node."""
    found: dict[str, str] = get(cluster, "node", node.name)["metadata"].get("labels", {})
    return found


def containerd_boots(node: Node) -> int:
    """Return how often containerd has started since the node came up."""
    journal = node.exec("journalctl", "--unit=containerd", "--output=cat", "--no-pager")
    return journal.count("containerd successfully booted")
