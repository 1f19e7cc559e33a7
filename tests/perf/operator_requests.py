"""Count what the operator asks of the API server, by the API server's own count.

A FlowSchema of its own gives the operator's requests a name in the metrics of API Priority and
Fairness. Watches are counted once each, when they begin; what keeps the Lease is not counted.
"""

import json
import re
from typing import Any, Final

from demo.chart import NAMESPACE
from localcluster import Cluster

_NAME: Final = "wasmwright-measured"
_COUNT: Final = re.compile(
    rf'^apiserver_flowcontrol_dispatched_requests_total{{[^}}]*flow_schema="{_NAME}"[^}}]*}} (\S+)',
    re.MULTILINE,
)


def begin(cluster: Cluster) -> None:
    """Have the API server count the operator apart from everybody else."""
    leases = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"]}
    for schema in (_flow_schema(f"{_NAME}-leases", 400, leases), _flow_schema(_NAME, 500, {})):
        cluster.kubectl("apply", "-f", "-", input=json.dumps(schema))


def count(cluster: Cluster) -> int:
    """Return how many requests the operator has made since `begin`."""
    return sum(int(float(n)) for n in _COUNT.findall(cluster.kubectl("get", "--raw", "/metrics")))


def _flow_schema(name: str, precedence: int, only: dict[str, list[str]]) -> dict[str, Any]:
    accounts = {
        "kind": "Group",
        "group": {"name": f"system:serviceaccounts:{NAMESPACE}"},
    }
    chosen = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]} | only
    return {
        "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
        "kind": "FlowSchema",
        "metadata": {"name": name},
        "spec": {
            "matchingPrecedence": precedence,
            "priorityLevelConfiguration": {"name": "workload-high"},
            "distinguisherMethod": {"type": "ByUser"},
            "rules": [
                {
                    "subjects": [accounts],
                    "resourceRules": [
                        chosen | {"clusterScope": True, "namespaces": ["*"]},
                    ],
                }
            ],
        },
    }
