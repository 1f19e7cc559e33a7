"""Runs on nodes: how many, why, how they ended and how long they took."""

from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from wasmwright_operator.actions import (
    Action,
    CreateWasmNode,
    DeleteWasmNode,
    UpdateWasmNode,
    WriteNodeStatus,
)
from wasmwright_operator.records import WasmNodeRecord

_SECONDS: Final = (1, 2, 3, 5, 10, 20, 30, 60, 120, 300, 600, 1800)


class RunCounts:
    """Learns of runs from the writes that begin and end them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._admitted = Counter(
            "wasmwright_runs_admitted",
            "Runs that were begun, by why",
            ["cause"],
            registry=registry,
        )
        self._ended = Counter(
            "wasmwright_runs",
            "Runs that ended, by how",
            ["result", "reason"],
            registry=registry,
        )
        self._lasted = Histogram(
            "wasmwright_run_duration_seconds",
            "Seconds from the admission of a run to its end, of runs that this process admitted",
            registry=registry,
            buckets=_SECONDS,
        )
        self._since: dict[str, datetime] = {}

    def take(self, action: Action, before: WasmNodeRecord | None, now: datetime) -> None:
        """Take in a write that was made; `before` is the WasmNode as it was then."""
        match action:
            case CreateWasmNode(name, spec) if spec.attempt:
                self._admit(name, spec.cause, now)
            case UpdateWasmNode(name, _, spec) if before and spec.attempt != before.spec.attempt:
                self._admit(name, spec.cause, now)
            case WriteNodeStatus(name, _, status) if before and before.is_in_flight:
                if status.concluded_attempt == before.spec.attempt:
                    error = status.last_error
                    self._end(name, error.reason if error else "", now)
            case DeleteWasmNode(name) if before and before.is_in_flight:
                self._end(name, "", now)

    def _admit(self, node: str, cause: str, now: datetime) -> None:
        self._admitted.labels(cause).inc()
        self._since[node] = now

    def _end(self, node: str, reason: str, now: datetime) -> None:
        self._ended.labels("failure" if reason else "success", reason).inc()
        since = self._since.pop(node, None)
        if since is not None:
            self._lasted.observe((now - since).total_seconds())
