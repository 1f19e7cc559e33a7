from typing import TYPE_CHECKING

import pytest

from unit.operator import given
from unit.operator.fake_loop import run
from wasmwright_operator.kube.transport import _plural
from wasmwright_operator.metrics import Metrics
from wasmwright_operator.workqueue import WorkQueue

if TYPE_CHECKING:
    from wasmwright_operator.records import RuntimeRecord

STATUS = {
    "nodes": {"targeted": 5, "ready": 3, "failed": 2},
    "conditions": [
        {
            "type": kind,
            "status": status,
            "reason": "R",
            "message": "",
            "lastTransitionTime": "2026-05-04T12:00:00Z",
        }
        for kind, status in (("Ready", "False"), ("Degraded", "True"))
    ],
}


def sample(metrics: Metrics, sample_name: str, /, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(sample_name, labels)


def test_fleet__at_each_scrape__is_what_the_statuses_say() -> None:
    metrics = Metrics()
    runtimes: list[RuntimeRecord] = []
    metrics.watch_fleet(lambda: runtimes)
    assert b"spin" not in metrics.text()

    runtimes.append(given.runtime("spin", status=STATUS))

    nodes = "wasmwright_runtime_nodes"
    assert sample(metrics, nodes, runtime="spin", state="ready") == 3
    assert sample(metrics, nodes, runtime="spin", state="failed") == 2
    assert sample(metrics, nodes, runtime="spin", state="blocked") == 0
    condition = "wasmwright_runtime_condition"
    assert sample(metrics, condition, runtime="spin", condition="Degraded") == 1
    assert sample(metrics, condition, runtime="spin", condition="Ready") == 0


def test_queue__counts_what_waits_comes_and_fails() -> None:
    async def scenario() -> None:
        metrics = Metrics()
        queue = WorkQueue(metrics)
        queue.add("a")
        queue.add("a")
        queue.add("b", 5)
        assert sample(metrics, "workqueue_adds_total", name="wasmwright") == 2
        assert sample(metrics, "workqueue_depth", name="wasmwright") == 2
        key = await queue.get()
        queue.retry(key)
        queue.done(key)
        assert sample(metrics, "workqueue_retries_total", name="wasmwright") == 1
        await queue.get()
        assert sample(metrics, "workqueue_depth", name="wasmwright") == 1
        assert sample(metrics, "workqueue_queue_duration_seconds_count", name="wasmwright") == 2

    run(scenario())


@pytest.mark.parametrize(
    ("path", "plural"),
    [
        ("/api/v1/nodes/n1?fieldManager=x", "nodes"),
        ("/api/v1/namespaces/default/events", "events"),
        ("/apis/batch/v1/namespaces/wasmwright-system/jobs/j", "jobs"),
        ("/apis/wasmwright.dev/v1alpha1/wasmnodes/n1/status", "wasmnodes"),
        ("/apis/node.k8s.io/v1/runtimeclasses?limit=500", "runtimeclasses"),
    ],
)
def test_requests__by_resource__whatever_the_path(path: str, plural: str) -> None:
    assert _plural(path) == plural
