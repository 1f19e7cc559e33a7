"""Count what the operator asks of the API server, by the API server's own count.

A FlowSchema of its own gives the operator's requests a name in the metrics of API Priority and
Fairness. Watches are counted once each, when they begin.
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
    cluster.kubectl("apply", "-f", "-", input=json.dumps(_flow_schema()))


def count(cluster: Cluster) -> int:
    """Return how many requests the operator has made since `begin`."""
    return sum(int(float(n)) for n in _COUNT.findall(cluster.kubectl("get", "--raw", "/metrics")))


def _flow_schema() -> dict[str, Any]:
    accounts = {
        "kind": "Group",
        "group": {"name": f"system:serviceaccounts:{NAMESPACE}"},
    }
    everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
    return {
        "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
        "kind": "FlowSchema",
        "metadata": {"name": _NAME},
        "spec": {
            "matchingPrecedence": 500,
            "priorityLevelConfiguration": {"name": "workload-high"},
            "distinguisherMethod": {"type": "ByUser"},
            "rules": [
                {
                    "subjects": [accounts],
                    "resourceRules": [
                        everything | {"clusterScope": True, "namespaces": ["*"]},
                    ],
                }
            ],
        },
    }
