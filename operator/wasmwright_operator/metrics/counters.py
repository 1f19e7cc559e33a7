"""Everything that one process counts and measures of its own work."""

from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from wasmwright_operator.metrics.fleet import FleetCollector
from wasmwright_operator.metrics.runs import RunCounts
from wasmwright_operator.records import RuntimeRecord

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)


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

        self.runs = RunCounts(registry)
        build = Gauge("wasmwright_build_info", "1, and which build", ["version"], registry=registry)
        build.labels(version("wasmwright")).set(1)

    def watch_fleet(self, runtimes: Callable[[], Iterable[RuntimeRecord]]) -> None:
        """Show what the WasmRuntimes say of themselves, read at each scrape."""
        self.registry.register(FleetCollector(runtimes))

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)
