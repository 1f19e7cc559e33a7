"""What is counted and measured, for Prometheus.

Queues and reconciles have the names that controller-runtime gave them, so dashboards and alerts
made for other operators work. No metric has a label per node: 5,000 nodes would be 5,000 series
each.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from typing_extensions import override

from wasmwright_operator.records import RuntimeRecord

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)
_STATES: Final = (
    *("targeted", "ready", "updated", "updating", "failed"),
    *("blocked", "pending", "removing", "unsupported"),
)
_CONDITIONS: Final = ("Accepted", "Ready", "Progressing", "Degraded", "DeletionBlocked")


class Metrics:
    """Everything that one process counts."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        queue, controller = ["name"], ["controller"]
        self.depth = Gauge("workqueue_depth", "Keys that wait", queue, registry=registry)
        self.adds = Counter("workqueue_adds", "Keys added", queue, registry=registry)
        self.retries = Counter(
            "workqueue_retries", "Keys added after a failure", queue, registry=registry
        )
        self.waited = Histogram(
            "workqueue_queue_duration_seconds",
            "Seconds for which a key was due before it was worked on",
            queue,
            registry=registry,
            buckets=_SECONDS,
        )
        self.worked = Histogram(
            "controller_runtime_reconcile_time_seconds",
            "Seconds of one reconcile",
            controller,
            registry=registry,
            buckets=_SECONDS,
        )
        self.results = Counter(
            "controller_runtime_reconcile",
            "Reconciles by their result",
            [*controller, "result"],
            registry=registry,
        )
        self.requests = Counter(
            "wasmwright_api_requests",
            "Requests to the API server",
            ["verb", "resource", "code"],
            registry=registry,
        )
        self.watch_events = Counter(
            "wasmwright_watch_events",
            "Objects that lists and watches told of, by whether they said something new",
            ["resource", "relevant"],
            registry=registry,
        )
        self.leader = Gauge(
            "leader_election_master_status", "1 on the process that acts", queue, registry=registry
        )

    def watch_fleet(self, runtimes: Callable[[], Iterable[RuntimeRecord]]) -> None:
        """Show what the WasmRuntimes say of themselves, read at each scrape."""
        self.registry.register(_Fleet(runtimes))

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)


class _Fleet(Collector):
    """The counts and conditions that stand in the status of each WasmRuntime."""

    def __init__(self, runtimes: Callable[[], Iterable[RuntimeRecord]]) -> None:
        self._runtimes = runtimes

    @override
    def collect(self) -> Iterator[GaugeMetricFamily]:
        nodes = GaugeMetricFamily(
            "wasmwright_runtime_nodes", "Nodes of a runtime", labels=["runtime", "state"]
        )
        conditions = GaugeMetricFamily(
            "wasmwright_runtime_condition",
            "1 while a condition of a WasmRuntime is True",
            labels=["runtime", "condition"],
        )
        for runtime in self._runtimes():
            for state in _STATES:
                count = getattr(runtime.status.nodes, state)
                nodes.add_metric([runtime.name, state], count)
            for condition in runtime.status.conditions:
                if condition.type in _CONDITIONS:
                    is_true = condition.status == "True"
                    conditions.add_metric([runtime.name, condition.type], is_true)
        yield nodes
        yield conditions
