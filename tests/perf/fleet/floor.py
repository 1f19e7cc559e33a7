"""What the machine can do without an operator: Jobs bound to nodes, posted as fast as it goes."""

import json
import time
from typing import Any, Final

from integration.operator.api import Raw
from integration.operator.watches import watching
from perf.fleet import fake_nodes
from perf.fleet.census import Census
from perf.fleet.options import Options
from perf.fleet.processes import load
from perf.fleet.testbed import Testbed
from support.waiting import eventually
from wasmwright_operator import names

_PATIENCE: Final = 900
"""Seconds for 5,000 Jobs on a busy machine."""
_JOBS: Final = "/apis/batch/v1/namespaces/default/jobs"


def measure(bed: Testbed, options: Options) -> dict[str, Any]:
    """Return how long as many Jobs as there are nodes take, and what they cost the machine."""
    jobs = Census()
    with watching(bed.cluster.kubeconfig, _JOBS, jobs.take_job):
        before, start = bed.control_plane_cpu_seconds(), time.monotonic()
        fake_nodes.in_parallel(
            lambda node: bed.api.create(_JOBS, _job(node)), fake_nodes.names(options.nodes)
        )
        created = time.monotonic() - start
        eventually(lambda: jobs.ended, until=lambda ended: ended >= options.nodes, within=_PATIENCE)
        cpu = bed.control_plane_cpu_seconds() - before
    return {
        "created_s": round(created, 1),
        "seconds": round(jobs.changed - start, 1),
        "max_jobs_in_flight": jobs.most,
        "control_plane_cpu_ms_per_node": round(1000 * cpu / options.nodes, 1),
        "load": load(),
    }


def _job(node: str) -> Raw:
    annotations = {names.DOCUMENT: json.dumps({"hash": "", "runtimes": []})}
    pod = {
        "nodeName": node,
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "tolerations": [{"operator": "Exists"}],
        "containers": [{"name": "bare", "image": "example.org/bare:1"}],
    }
    template = {"metadata": {"annotations": annotations}, "spec": pod}
    return {
        "metadata": {"name": f"floor-{node}"},
        "spec": {"backoffLimit": 0, "template": template},
    }
