"""What the status of each WasmRuntime says, as metrics."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from typing_extensions import override

from wasmwright_operator.api.rollout import RolloutPhase
from wasmwright_operator.api.runtime_status import NodeCounts
from wasmwright_operator.records import RuntimeRecord

_STATES: Final = tuple(NodeCounts.model_fields)
_CONDITIONS: Final = (
    *("Accepted", "Progressing", "Ready", "Available", "Degraded", "Halted"),
    *("RuntimeClassReady", "DeletionBlocked"),
)


class FleetCollector(Collector):
    """Reads the WasmRuntimes at each scrape."""

    def __init__(self, runtimes: Callable[[], Iterable[RuntimeRecord]]) -> None:
        self._runtimes = runtimes

    @override
    def collect(self) -> Iterator[GaugeMetricFamily]:
        runtimes = tuple(self._runtimes())
        yield _nodes(runtimes)
        yield _conditions(runtimes)
        yield _info(runtimes)
        yield _phases(runtimes)


def _nodes(runtimes: Iterable[RuntimeRecord]) -> GaugeMetricFamily:
    nodes = GaugeMetricFamily(
        "wasmwright_runtime_nodes", "Nodes of a runtime", labels=["runtime", "state"]
    )
    for runtime in runtimes:
        for state in _STATES:
            nodes.add_metric([runtime.name, state], getattr(runtime.status.nodes, state))
    return nodes


def _conditions(runtimes: Iterable[RuntimeRecord]) -> GaugeMetricFamily:
    conditions = GaugeMetricFamily(
        "wasmwright_runtime_condition",
        "1 while a condition of a WasmRuntime is True",
        labels=["runtime", "condition"],
    )
    for runtime in runtimes:
        for condition in runtime.status.conditions:
            if condition.type in _CONDITIONS:
                is_true = condition.status == "True"
                conditions.add_metric([runtime.name, condition.type], is_true)
    return conditions


def _info(runtimes: Iterable[RuntimeRecord]) -> GaugeMetricFamily:
    info = GaugeMetricFamily(
        "wasmwright_runtime_info",
        "1, and what is to be on the nodes",
        labels=["runtime", "version", "target_revision", "stable_revision"],
    )
    for runtime in runtimes:
        version = runtime.spec.version if runtime.spec else ""
        status = runtime.status
        labels = [runtime.name, version, status.target_revision, status.stable_revision]
        info.add_metric(labels, 1)
    return info


def _phases(runtimes: Iterable[RuntimeRecord]) -> GaugeMetricFamily:
    phases = GaugeMetricFamily(
        "wasmwright_rollout_phase",
        "1 for the phase in which a rollout is, else 0",
        labels=["runtime", "phase"],
    )
    for runtime in runtimes:
        for phase in RolloutPhase:
            phases.add_metric([runtime.name, phase], runtime.status.rollout.phase is phase)
    return phases
