"""Taints: may this runtime be on that node?"""

from collections.abc import Iterable
from typing import Final

from wasmwright_operator.api.meta import Toleration
from wasmwright_operator.records import Taint

_BARRING: Final = frozenset({"NoSchedule", "NoExecute"})

_AS_A_DAEMON_SET: Final = frozenset(
    f"node.kubernetes.io/{name}"
    for name in (
        "not-ready",
        "unreachable",
        "disk-pressure",
        "memory-pressure",
        "pid-pressure",
        "unschedulable",
        "network-unavailable",
    )
)
"""Taints that every DaemonSet tolerates
(https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#taints-and-tolerations)."""


def barring_taint(taints: Iterable[Taint], tolerations: Iterable[Toleration]) -> Taint | None:
    """Return a taint that keeps the runtime away, as it would keep a DaemonSet's pod away."""
    given = tuple(tolerations)
    for taint in taints:
        if taint.effect not in _BARRING or taint.key in _AS_A_DAEMON_SET:
            continue
        if not any(_tolerates(toleration, taint) for toleration in given):
            return taint
    return None


def _tolerates(toleration: Toleration, taint: Taint) -> bool:
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key != taint.key:
        return not toleration.key and toleration.operator == "Exists"
    return toleration.operator == "Exists" or toleration.value == taint.value
