"""From the declaration of runtimes to the last node that has them."""

import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from integration.operator.api import NODES, WRT, Raw
from integration.operator.kubelets import NAMESPACE
from integration.operator.watches import watching
from integration.operator.world import JOBS, OperatorProcess
from perf.fleet import audit, fake_nodes
from perf.fleet.census import Census
from perf.fleet.options import Options
from perf.fleet.processes import cpu_seconds, load
from perf.fleet.testbed import Testbed
from wasmwright_operator import names

RUNTIMES: Final = ("spin", "slight", "wasmtime")
QUIET: Final = 3.0
"""Seconds without a request of the operator after which it has done all that it wants to do."""
_GIVE_UP: Final = 60.0
"""Seconds without any news of a node after which the rest counts as wrong for ever."""
_PODS: Final = f"/api/v1/namespaces/{NAMESPACE}/pods"
_WHOLE_NODE: Final = ("update", "nodes")
_NOT_ENDED: Final = "status.phase!=Succeeded,status.phase!=Failed"


@dataclass(frozen=True)
class Observed:
    """What the watches of a rollout count."""

    nodes: Census = field(default_factory=Census)
    jobs: Census = field(default_factory=Census)
    pods: Census = field(default_factory=Census)


def measure(
    bed: Testbed, operator: OperatorProcess, options: Options
) -> tuple[dict[str, Any], tuple[audit.Request, ...]]:
    """Declare the runtimes for every node, wait for the last one; return figures and requests."""
    assert operator.child is not None
    pid = operator.child.pid
    with observed(bed) as seen:
        mark, cpu = bed.audit.mark(), cpu_seconds([pid])
        plane, start = bed.control_plane_cpu_seconds(), time.monotonic()
        fake_nodes.in_parallel(
            lambda name: bed.api.create(WRT, runtime(name, options)), RUNTIMES[: options.runtimes]
        )
        while not _is_over(seen.nodes, options):
            time.sleep(0.05)
        plane = bed.control_plane_cpu_seconds() - plane
        end, load_then = seen.nodes.changed, load()
        bed.audit.wait_until_quiet(QUIET)
    requests = bed.audit.since(mark)
    return {
        "nodes_provisioned": len(seen.nodes.present),
        "seconds": round(end - start, 1),
        "jobs": len(seen.jobs.seen),
        "max_jobs_in_flight": seen.jobs.most,
        "max_installers_in_flight": seen.pods.most,
        "requests": len(requests),
        "writes": len(audit.writes(requests)),
        "whole_node_writes": sum(1 for it in requests if (it.verb, it.resource) == _WHOLE_NODE),
        "refused": sum(1 for request in requests if request.code >= 400),
        "events": sum(1 for request in audit.writes(requests) if request.resource == "events"),
        "cpu_s": round(cpu_seconds([pid]) - cpu, 2),
        "control_plane_cpu_ms_per_node": round(1000 * plane / options.nodes, 1),
        "log_kb": round(operator.log.stat().st_size / 1024),
        "load": load_then,
    }, requests


@contextmanager
def observed(bed: Testbed) -> Iterator[Observed]:
    """Watch from outside: Jobs as wholes, since only their conditions tell their end."""
    seen, config = Observed(), bed.cluster.kubeconfig
    provisioned = f"{names.PROVISIONED}=true"
    with (
        watching(config, NODES, seen.nodes.take, metadata_only=True, labelSelector=provisioned),
        watching(config, JOBS, seen.jobs.take_job),
        watching(config, _PODS, seen.pods.take, metadata_only=True, fieldSelector=_NOT_ENDED),
    ):
        yield seen


def _is_over(nodes: Census, options: Options) -> bool:
    is_stuck = time.monotonic() - nodes.changed > _GIVE_UP
    return len(nodes.present) >= options.nodes or is_stuck


def runtime(name: str, options: Options, *, pool: Mapping[str, str] | None = None) -> Raw:
    """Return a runtime for every node, or for those of one pool."""
    return {
        "apiVersion": names.API_VERSION,
        "kind": "WasmRuntime",
        "metadata": {"name": name},
        "spec": {
            "version": "1.0.0",
            "source": source(name, edition=0),
            "placement": {"nodeSelector": {"matchLabels": dict(pool)} if pool else {}},
            "rollout": {"maxParallel": options.max_parallel, "maxUnavailable": "100%"},
        },
    }


def source(name: str, *, edition: int) -> Raw:
    """Return where an artifact is; every edition is another artifact."""
    platform = {
        "arch": "amd64",
        "url": f"https://artifacts.example.org/{name}/{edition}/containerd-shim-{name}-v1.tar.gz",
        "sha256": hashlib.sha256(f"{name} {edition}".encode()).hexdigest(),
        "path": f"containerd-shim-{name}-v1",
    }
    return {"http": {"platforms": [platform]}}
