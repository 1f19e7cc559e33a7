"""How the nodes of one runtime stand towards its target revision."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from wasmwright_installer.contract import ExitCode
from wasmwright_operator.api.wasmnode import RunError
from wasmwright_operator.conditions import parse_time
from wasmwright_operator.fleet.rendering import Renderer
from wasmwright_operator.fleet.snapshot import Snapshot
from wasmwright_operator.fleet.survey import Survey
from wasmwright_operator.records import RuntimeRecord, WasmNodeRecord
from wasmwright_operator.records.wasmnode import DRAIN_FAILED

_OF_THE_NODE: Final = frozenset(
    {
        ExitCode.UNSUPPORTED,
        ExitCode.CONFLICT,
        ExitCode.WRONG_NODE,
        ExitCode.IN_USE,
        ExitCode.LOCKED,
    }
)
"""Ends of runs that say something of the node, and nothing of the revision."""
_LASTING: Final = frozenset({ExitCode.UNSUPPORTED, ExitCode.CONFLICT})
"""Of these: what no later run will change, so that a rollout does not wait for it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A node that fails the target revision."""

    node: str
    reason: str
    since: datetime | None
    """When it began to fail, maybe with another revision."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The nodes of one runtime, by name."""

    targeted: int
    """How many are to have the runtime."""
    updated: frozenset[str]
    """Nodes that serve the target revision."""
    updating: frozenset[str]
    """Nodes on which a run is under way."""
    movable: frozenset[str]
    """Nodes that wait for their turn and on which a run could begin."""
    serving: frozenset[str]
    """Of these: nodes that serve another revision."""
    failures: tuple[Failure, ...]
    """Nodes that fail the target revision."""
    is_settled: bool
    """Whether nothing is left that this rollout could still bring to its end."""


def standing_of(
    runtime: RuntimeRecord, found: Survey, snapshot: Snapshot, renderer: Renderer
) -> Standing:
    """Return how the nodes stand."""
    movable = frozenset(found.movable)
    troubled = [snapshot.wasm_nodes[name] for name in (*found.failed, *found.blocked)]
    is_waiting = any(_exit_code(item) not in _LASTING for item in troubled)
    return Standing(
        targeted=found.targeted,
        updated=frozenset(found.updated),
        updating=frozenset(found.updating),
        movable=movable,
        serving=movable.intersection(found.ready),
        failures=tuple(_failures(runtime, troubled, snapshot, renderer)),
        is_settled=not (found.updating or movable or is_waiting),
    )


def _is_of_node(wasm_node: WasmNodeRecord, error: RunError) -> bool:
    is_told = error.exit_code in _OF_THE_NODE or error.reason == DRAIN_FAILED
    return is_told or wasm_node.waits_for_pods


def _exit_code(wasm_node: WasmNodeRecord) -> int | None:
    error = wasm_node.status.last_error
    return error.exit_code if error is not None else None


def _failures(
    runtime: RuntimeRecord,
    troubled: Iterable[WasmNodeRecord],
    snapshot: Snapshot,
    renderer: Renderer,
) -> Iterator[Failure]:
    for wasm_node in troubled:
        wanted = renderer.entry(runtime, snapshot.nodes[wasm_node.name].arch)
        given = renderer.digests(wasm_node).get(runtime.name)
        status, error = wasm_node.status, wasm_node.status.last_error
        if error is None or wanted is None or _is_of_node(wasm_node, error):
            continue
        if given == renderer.digest(wanted):
            yield Failure(wasm_node.name, error.reason, parse_time(status.failing_since))
