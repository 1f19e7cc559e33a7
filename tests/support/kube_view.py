"""Read objects of the cluster under test as people do: through kubectl."""

import json
from typing import Any

from localcluster import Cluster, Node


def get(cluster: Cluster, kind: str, name: str) -> dict[str, Any]:
    """Return one object, or an empty one when it is not there."""
    text = cluster.kubectl("get", kind, name, "--ignore-not-found", "-o", "json")
    return json.loads(text) if text.strip() else {}


def items(cluster: Cluster, *query: str) -> list[dict[str, Any]]:
    """Return the objects that `kubectl get QUERY` lists."""
    found: list[dict[str, Any]] = json.loads(cluster.kubectl("get", *query, "-o", "json"))["items"]
    return found


def condition(thing: dict[str, Any], kind: str) -> dict[str, str]:
    """Return one condition of an object's status, empty when it has none of that type."""
    conditions = thing.get("status", {}).get("conditions", [])
    return next((dict(c) for c in conditions if c["type"] == kind), {})


def labels(cluster: Cluster, node: Node) -> dict[str, str]:
    """Return the labels of a node."""
    found: dict[str, str] = get(cluster, "node", node.name)["metadata"].get("labels", {})
    return found


def containerd_boots(node: Node) -> int:
    """Return how often containerd has started since the node came up."""
    journal = node.exec("journalctl", "--unit=containerd", "--output=cat", "--no-pager")
    return journal.count("containerd successfully booted")
