"""What the operator costs when there is nothing to do: in a steady state, and after a start."""

import time
from itertools import count, cycle
from typing import Any, Final

import httpx

from integration.operator.world import OperatorProcess
from perf.fleet import audit, fake_nodes
from perf.fleet.options import Options
from perf.fleet.processes import cpu_seconds, load, peak_rss_mb
from perf.fleet.rollout import QUIET
from perf.fleet.testbed import Testbed
from support.waiting import eventually

_READY_WITHIN: Final = 60
"""Seconds, as the chart's startup probe allows."""
_REPORT_EVERY: Final = 300.0
"""Seconds between two reports of a kubelet whose node has not changed."""


def start(operator: OperatorProcess) -> dict[str, float]:
    """Start the operator; return when it had listed everything and when its probe said so."""
    begun = time.monotonic()
    operator.start()
    in_sync = time.monotonic() - begun
    eventually(lambda: _is_ready(operator), until=bool, within=_READY_WITHIN)
    return {"in_sync_s": round(in_sync, 2), "ready_s": round(time.monotonic() - begun, 2)}


def steady(bed: Testbed, operator: OperatorProcess, options: Options) -> dict[str, Any]:
    """Return what the operator does while kubelets report that nothing has changed."""
    pid = _pid(operator)
    mark, cpu, begun = bed.audit.mark(), cpu_seconds([pid]), time.monotonic()
    heartbeats = _beat(bed, options)
    seconds = time.monotonic() - begun
    requests = bed.audit.since(mark)
    used = cpu_seconds([pid]) - cpu
    return {
        "seconds": round(seconds, 1),
        "heartbeats": heartbeats,
        "cpu_s_per_minute": round(used * 60 / seconds, 2),
        "requests": len(requests),
        "writes": len(audit.writes(requests)),
        "lease_requests": bed.audit.lease_requests(mark),
        "load": load(),
    }


def _beat(bed: Testbed, options: Options) -> int:
    """Report for one node after the other, each in its turn, as often as all kubelets would."""
    names, begun = cycle(fake_nodes.names(options.nodes)), time.monotonic()
    for beats in count():
        due = min((beats + 1) * _REPORT_EVERY / options.nodes, options.steady_seconds)
        time.sleep(max(0.0, begun + due - time.monotonic()))
        if due >= options.steady_seconds:
            return beats
        fake_nodes.report(bed.api, next(names))
    raise AssertionError("counting ended")


def restart(bed: Testbed, old: OperatorProcess, new: OperatorProcess) -> dict[str, Any]:
    """Stop one operator and start another over nodes that have everything."""
    stopping = time.monotonic()
    exit_code = old.stop()
    stopped = time.monotonic() - stopping
    mark = bed.audit.mark()
    started = start(new)
    bed.audit.wait_until_quiet(QUIET)
    requests = bed.audit.since(mark)
    return {
        "stop_s": round(stopped, 2),
        "exit_code": exit_code,
        **started,
        "requests": len(requests),
        "writes": len(audit.writes(requests)),
        "cpu_s": round(cpu_seconds([_pid(new)]), 2),
        "peak_rss_mb": peak_rss_mb(_pid(new)),
        "load": load(),
    }


def _is_ready(operator: OperatorProcess) -> bool:
    url = f"http://127.0.0.1:{operator.environ['WASMWRIGHT_HEALTH_PORT']}/readyz"
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False


def _pid(operator: OperatorProcess) -> int:
    assert operator.child is not None
    return operator.child.pid
