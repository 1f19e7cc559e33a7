"""Taints and readiness: may this runtime come to that node now?

Taints and being not Ready keep newcomers away, and nothing else: taking a runtime from a node
because of them would help nobody, since a runtime is no pod that could be evicted.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from wasmwright_operator.api.meta import Toleration
from wasmwright_operator.conditions import parse_time
from wasmwright_operator.fleet.fitness import Flaw
from wasmwright_operator.records import NodeRecord, RuntimeRecord, Taint

NOT_READY: Final = "NodeNotReady"

_PATIENCE: Final = timedelta(minutes=2)
"""Nodes are born not Ready; one that stays so for longer is worth an object that says it."""
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

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


def barring_taint(
    taints: Iterable[Taint],
    tolerations: Iterable[Toleration],
    lifted: Collection[tuple[str, str]] = (),
) -> Taint | None:
    """Return a taint that keeps the runtime away, as it would keep a DaemonSet's pod away.

    What is lifted once the node serves its runtimes, by key and effect, keeps none of them away:
    not that of another runtime either, or two of them would wait for each other.
    """
    given = tuple(tolerations)
    for taint in taints:
        if taint.effect not in _BARRING or taint.key in _AS_A_DAEMON_SET:
            continue
        if (taint.key, taint.effect) in lifted:
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


def barrier(
    runtime: RuntimeRecord, node: NodeRecord, lifted: Collection[tuple[str, str]]
) -> Flaw | None:
    """Return what keeps a runtime from a node that does not have it."""
    return _taint(runtime, node, lifted) or _downtime(node)


def _taint(
    runtime: RuntimeRecord, node: NodeRecord, lifted: Collection[tuple[str, str]]
) -> Flaw | None:
    tolerations = runtime.spec.placement.tolerations if runtime.spec else ()
    taint = barring_taint(node.taints, tolerations, lifted)
    if taint is None:
        return None
    return Flaw(
        "TaintNotTolerated",
        f"the node has taint {taint.key}:{taint.effect}; add a toleration to"
        f" spec.placement.tolerations of WasmRuntime {runtime.name!r}",
    )


def _downtime(node: NodeRecord) -> Flaw | None:
    if node.is_ready:
        return None
    since = f" since {node.ready_changed}" if node.ready_changed else ""
    return Flaw(NOT_READY, f"the node is not Ready{since}; it gets its turn when it is")


def patience_ends(node: NodeRecord) -> datetime:
    """Return from when on a node's own object says of it that it is not Ready."""
    since = parse_time(node.ready_changed)
    return since + _PATIENCE if since is not None else _LONG_AGO
