"""Why a node that has what it should needs a run all the same.

Each such run has the document of the last one, so that it changes nothing on a node which has kept
everything. None is held back by what slows a rollout: it brings nothing new to the node.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from wasmwright_installer.contract import PredecessorName
from wasmwright_operator.api.amounts import span
from wasmwright_operator.api.wasmnode import Cause
from wasmwright_operator.conditions import parse_time
from wasmwright_operator.predecessors import awaits_takeover, has_files_left, permitted
from wasmwright_operator.records import NodeRecord, RuntimeRecord, WasmNodeRecord
from wasmwright_operator.spread import share

_VERIFY_JITTER: Final = 0.2
"""Share of the interval by which nodes are spread that were installed together."""
_BOOT_SPREAD: Final = 60.0
"""Seconds after its return within which a node is looked at: racks come back together."""
_REMEMBERED: Final = 16_384
_AT_ONCE: Final = datetime.min.replace(tzinfo=UTC)

Reason = tuple[Cause, datetime]


@dataclass(frozen=True, slots=True)
class Reasons:
    """Finds what speaks for such a run, and from when on."""

    runtimes: Mapping[str, RuntimeRecord]
    take_over: tuple[PredecessorName, ...] = ()
    """Whose leftovers runs may make ours on nodes that say nothing of it."""
    _intervals: dict[int, timedelta] = field(default_factory=dict)

    def of(self, node: NodeRecord, wasm_node: WasmNodeRecord) -> Iterator[Reason]:
        """Yield why the node needs a run and when, the strongest reason first."""
        status = wasm_node.status
        if not (status.concluded_at and wasm_node.spec.runtimes) or wasm_node.is_in_flight:
            return
        if _has_changed(status.kubelet_runtime, node.known_runtime):
            yield Cause.RUNTIME_CHANGED, _AT_ONCE
        if awaits_takeover(wasm_node, permitted(node, self.take_over)):
            yield Cause.TAKE_OVER, _AT_ONCE
        if status.last_error is not None:
            return
        if _has_changed(status.boot_id, node.boot_id):
            back = _after_boot(node.uid, node.boot_id, node.ready_changed)
            yield Cause.REBOOTED, back or _AT_ONCE
        if node.handlers is None or has_files_left(wasm_node):
            at = _verify_time(node.uid, status.concluded_at, self._interval(wasm_node))
            if at is not None:
                yield Cause.VERIFY, at

    def _interval(self, wasm_node: WasmNodeRecord) -> timedelta:
        """Return the shortest that the node's runtimes ask for; zero = none does.

        Nodes with the same runtimes share their entries, so that it is found once for all of them.
        """
        key = id(wasm_node.spec.runtimes)
        if key not in self._intervals:
            self._intervals[key] = self._shortest(wasm_node)
        return self._intervals[key]

    def _shortest(self, wasm_node: WasmNodeRecord) -> timedelta:
        found = (self.runtimes.get(entry.name) for entry in wasm_node.spec.runtimes)
        given = (
            _span(runtime.spec.verify.interval)
            for runtime in found
            if runtime is not None and runtime.spec is not None
        )
        return min(filter(None, given), default=timedelta())


def _has_changed(before: str, now: str) -> bool:
    return bool(before and now) and before != now


@lru_cache(_REMEMBERED)
def _verify_time(uid: str, ended: str, interval: timedelta) -> datetime | None:
    at = parse_time(ended)
    return (
        at + interval * (1 + _VERIFY_JITTER * share(f"{uid}/{ended}")) if at and interval else None
    )


@lru_cache(_REMEMBERED)
def _after_boot(uid: str, boot_id: str, returned: str) -> datetime | None:
    """Return when to look at a node that has booted; None = it came back without being missed."""
    back = parse_time(returned)
    return back and back + timedelta(seconds=_BOOT_SPREAD * share(f"{uid}/{boot_id}"))


@lru_cache
def _span(given: str) -> timedelta:
    return span(given)
