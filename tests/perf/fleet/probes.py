"""What other installers were seen to do wrong, done to a few nodes beside the fleet.

The nodes of this pool are to have one more runtime. One of them fails whatever it is told, two have
names of 69 characters that begin alike, one is created again under its name, one leaves the pool;
in the end the runtime is deleted.
"""

import operator
import time
from collections.abc import Collection
from typing import Any, Final

from integration.operator.api import CLASSES, NODES, WN, WRT, Raw
from integration.operator.watches import Watch, watching_all
from integration.operator.world import JOBS
from perf.fleet import audit, fake_nodes, rollout
from perf.fleet.fake_nodes import LEASES
from perf.fleet.options import Options
from perf.fleet.probing import Departure, last_of
from perf.fleet.rollout import QUIET
from perf.fleet.testbed import Testbed
from wasmwright_operator import names

_EXTRA: Final = "extra"
_LABEL: Final = names.runtime_label(_EXTRA)
_POOL: Final = {"pool": "probes"}
_BEGIN: Final = "ip-10-0-17-171.a-rather-long-name-of-a-pool.eu-central-1.compute"[:63]
_LONG: Final = (f"{_BEGIN}-left1", f"{_BEGIN}-right")
_FAILS, _LEAVES, _RETURNS = "probe-fails", "probe-leaves", "probe-returns"
_GOOD: Final = (*_LONG, _LEAVES, _RETURNS)
_PATIENCE: Final = 30.0
"""Seconds after which what has not come counts as never to come."""
_OF_NODES: Final = frozenset({"nodes", "wasmnodes", "wasmnodes/status", "jobs"})


def measure(bed: Testbed, options: Options) -> dict[str, Any]:
    """Return what became of the nodes."""
    fake_nodes.in_parallel(lambda name: _register(bed, name), _GOOD)
    bed.api.create(WRT, rollout.runtime(_EXTRA, options, pool=_POOL))
    without = [*_without(bed, _GOOD), *_return(bed)]
    return {
        "nodes_never_served": len(without),
        **_leave(bed),
        **_fail(bed),
        **_remove(bed),
        "jobs_left": _jobs_left(bed, options),
    }


def _register(bed: Testbed, name: str) -> None:
    bed.api.create(NODES, fake_nodes.node(name, lean=True, **_POOL))


def _without(bed: Testbed, wanted: Collection[str]) -> list[str]:
    """Return which of some nodes do not get the runtime."""

    def look() -> list[str]:
        found = bed.api.items(NODES, labelSelector=f"{_LABEL}=ready,{names.PROVISIONED}=true")
        return sorted({*wanted} - {raw["metadata"]["name"] for raw in found})

    return last_of(look, until=lambda missing: not missing, within=_PATIENCE)


def _return(bed: Testbed) -> list[str]:
    """Take a node away and register another one under its name.

    kwok plays a node for as long as it holds its lease, which goes some seconds after the node.
    """
    bed.api.delete(f"{NODES}/{_RETURNS}")
    last_of(lambda: bed.api.get(f"{LEASES}/{_RETURNS}"), until=operator.not_, within=_PATIENCE)
    _register(bed, _RETURNS)
    return _without(bed, [_RETURNS])


def _leave(bed: Testbed) -> dict[str, int]:
    """Have a node leave the pool; it is to lose the runtime by a run, and then the label."""
    before = _attempts(bed, _LEAVES)
    bed.api.merge(f"{NODES}/{_LEAVES}", {"metadata": {"labels": dict.fromkeys(_POOL)}})
    label = last_of(lambda: _label(bed, _LEAVES), until="".__eq__, within=_PATIENCE)
    runs = _attempts(bed, _LEAVES) - before
    return {"opt_out_runs": runs, "opt_out_labels_left": int(bool(label))}


def _fail(bed: Testbed) -> dict[str, Any]:
    """Have the node that fails try once more; count the writes that this takes."""
    _register(bed, _FAILS)
    _failed(bed, attempts=1)
    bed.audit.wait_until_quiet(QUIET)
    mark = bed.audit.mark()
    again = {"metadata": {"annotations": {names.RETRY: "again"}}}
    bed.api.merge(f"{NODES}/{_FAILS}", again)
    status = _failed(bed, attempts=2)
    bed.audit.wait_until_quiet(QUIET)
    written = audit.writes(bed.audit.since(mark))
    return {
        "writes_per_failed_attempt": sum(1 for it in written if it.resource in _OF_NODES),
        "failed_label": _label(bed, _FAILS),
        "failed_reason": (status.get("lastError") or {}).get("reason", ""),
        "next_retry_known": bool(status.get("nextRetry")),
    }


def _failed(bed: Testbed, *, attempts: int) -> Raw:
    def look() -> Raw:
        return dict(bed.api.get(f"{WN}/{_FAILS}").get("status", {}))

    return last_of(
        look, until=lambda it: it.get("concludedAttempt", 0) >= attempts, within=_PATIENCE
    )


def _remove(bed: Testbed) -> dict[str, int | None]:
    """Delete the runtime; its nodes are to be clean before its class and itself are gone."""
    bed.api.delete(f"{NODES}/{_FAILS}")
    seen, name = Departure(_LABEL), {"fieldSelector": f"metadata.name={_EXTRA}"}
    pool = {"labelSelector": f"pool={_POOL['pool']}"}
    with watching_all(
        bed.cluster.kubeconfig,
        Watch(NODES, seen.take_node, pool, metadata_only=True),
        *(Watch(path, seen.taking(path), name, metadata_only=True) for path in (WRT, CLASSES)),
    ):
        bed.api.delete(f"{WRT}/{_EXTRA}")
        last_of(lambda: {*seen.gone}, until={WRT, CLASSES}.__eq__, within=_PATIENCE)
        time.sleep(QUIET)
    return {
        "left_when_object_gone": seen.left_behind(WRT),
        "left_when_class_gone": seen.left_behind(CLASSES),
    }


def _jobs_left(bed: Testbed, options: Options) -> int:
    """Return how many Jobs that succeeded outlive the time that they are kept for."""

    def look() -> int:
        return sum(1 for job in bed.api.items(JOBS) if _is_left(job, options.job_seconds))

    return last_of(look, until=(0).__eq__, within=options.job_seconds + _PATIENCE)


def _is_left(job: Raw, seconds: int) -> bool:
    is_one = job["spec"].get("ttlSecondsAfterFinished") == seconds
    return is_one and bool(job["status"].get("succeeded"))


def _attempts(bed: Testbed, node: str) -> int:
    return int(bed.api.get(f"{WN}/{node}")["spec"]["attempt"])


def _label(bed: Testbed, node: str) -> str:
    return str(bed.api.get(f"{NODES}/{node}")["metadata"]["labels"].get(_LABEL, ""))
