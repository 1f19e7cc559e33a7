"""What to show of a cluster when a step failed: short, the latest last."""

from demo import chart, shim_server
from demo.clusters import Kubectl

_LOOKS = (
    ("get", "wasmnodes,wasmruntimes,nodes"),
    ("get", "pods,jobs", "--namespace", chart.NAMESPACE),
    ("get", "pods", "--namespace", shim_server.NAMESPACE),
    ("get", "pods"),
    ("logs", "--namespace", chart.NAMESPACE, "deployment/wasmwright", "--tail=15"),
)
_EVENTS = ("get", "events", "--all-namespaces", "--sort-by=.metadata.creationTimestamp")
_LAST_EVENTS = 12


def gather(cluster: Kubectl) -> str:
    """Return objects, the operator's last words and the last events, as far as they can be had."""
    parts = [_look(cluster, *look) for look in _LOOKS]
    events = cluster.kubectl(*_EVENTS, check=False).splitlines()
    parts.append("\n".join(["$ kubectl get events --all-namespaces", *events[-_LAST_EVENTS:]]))
    return "\n\n".join(part for part in parts if part)


def _look(cluster: Kubectl, *arguments: str) -> str:
    seen = cluster.kubectl(*arguments, check=False).strip()
    return f"$ kubectl {' '.join(arguments)}\n{seen}" if seen else ""
