"""What is said of a node that KWasm or runtime-class-manager provisioned."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from wasmwright_installer.contract import PredecessorName
from wasmwright_operator import names
from wasmwright_operator.api.meta import Condition
from wasmwright_operator.api.wasmnode import WasmNodeStatus
from wasmwright_operator.conditions import capped, condition
from wasmwright_operator.predecessors import TITLES, is_taken_over, predecessor_of
from wasmwright_operator.records import WasmNodeRecord

_VALUES: Final = {
    PredecessorName.KWASM: "compat.kwasm.takeOver",
    PredecessorName.RCM: "compat.rcm.takeOver",
}
_REASONS: Final = {
    PredecessorName.KWASM: "LeftByKWasm",
    PredecessorName.RCM: "LeftByRuntimeClassManager",
}
HOW: Final = (
    f'permit it by {names.TAKE_OVER}: "true" on the node, or for the cluster by the chart\'s'
    f" {' or '.join(_VALUES.values())}"
)
"""What a person does about a handler of a predecessor that is in the way."""


def adoptable(record: WasmNodeRecord, status: WasmNodeStatus) -> Iterator[Condition]:
    """Yield the condition of a node on which something of a predecessor is left."""
    traces = _traces(record, status)
    if not traces:
        return
    waiting = {name for name in traces if name not in record.spec.take_over}
    told = waiting or traces.keys()
    message = "; ".join(_sentence(name, traces[name]) for name in sorted(told))
    reason = _REASONS[next(iter(told))] if len(told) == 1 else "LeftByPredecessors"
    if waiting:
        wanted = "" if record.spec.runtimes else " and a runtime is asked for"
        values = " and ".join(_VALUES[name] for name in sorted(waiting))
        message += (
            f'; a run takes that over once the node says {names.TAKE_OVER}: "true", or the chart'
            f" {values},{wanted}; until then it is left as it is"
        )
    yield condition(
        "Adoptable",
        holds=bool(waiting),
        reason=reason if waiting else "TakenOver",
        message=message,
        generation=record.generation,
    )


def left_by(record: WasmNodeRecord) -> str:
    """Name the predecessors whose labels the node has, for the table that kubectl prints."""
    found = {predecessor_of(key) for key in record.spec.predecessor_labels}
    return f"left by {', '.join(TITLES[name] for name in sorted(found))}" if found else ""


def _traces(record: WasmNodeRecord, status: WasmNodeStatus) -> dict[PredecessorName, list[str]]:
    """Return, for each predecessor of which something is left, what that is."""
    found: dict[PredecessorName, list[str]] = {}
    after = replace(record, status=status)
    for key in record.spec.predecessor_labels:
        if is_taken_over(after, predecessor_of(key)):
            continue
        found.setdefault(predecessor_of(key), []).append(f"label {key}")
    for left in status.leftovers:
        said = found.setdefault(left.predecessor, [])
        if left.handlers:
            said.append(f"handlers {capped(left.handlers)}")
        elif left.in_use:
            said.append(f"files that stay until nothing uses them: {capped(left.in_use)}")
        else:
            said.append("files")
    return found


def _sentence(name: PredecessorName, traces: list[str]) -> str:
    return f"{TITLES[name]} left on this node: {', '.join(traces)}"
