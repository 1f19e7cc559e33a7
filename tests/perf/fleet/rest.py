"""What the operator costs when there is nothing to do: in a steady state, and after a start."""

import time
from typing import Any

import httpx

from integration.operator.world import OperatorProcess
from perf.fleet import audit
from perf.fleet.processes import cpu_seconds, load, peak_rss_mb
from perf.fleet.rollout import QUIET
from perf.fleet.testbed import Testbed, wait_until


def start(operator: OperatorProcess) -> dict[str, float]:
    """Start the operator; return when it had listed everything and when its probe said so."""
    begun = time.monotonic()
    operator.start()
    in_sync = time.monotonic() - begun
    wait_until(lambda: _is_healthy(operator))
    return {"in_sync_s": round(in_sync, 2), "ready_s": round(time.monotonic() - begun, 2)}


def steady(bed: Testbed, operator: OperatorProcess, seconds: float) -> dict[str, Any]:
    """Return what the operator does while nothing happens."""
    pid = _pid(operator)
    mark, cpu = bed.audit.mark(), cpu_seconds([pid])
    time.sleep(seconds)
    requests = bed.audit.since(mark)
    used = cpu_seconds([pid]) - cpu
    return {
        "seconds": seconds,
        "cpu_s_per_minute": round(used * 60 / seconds, 2),
        "requests": len(requests),
        "writes": len(audit.writes(requests)),
        "load": load(),
    }


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


def _is_healthy(operator: OperatorProcess) -> bool:
    url = f"http://127.0.0.1:{operator.environ['WASMWRIGHT_HEALTH_PORT']}/healthz"
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False


def _pid(operator: OperatorProcess) -> int:
    assert operator.child is not None
    return operator.child.pid
