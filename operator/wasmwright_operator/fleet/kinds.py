"""Which nodes nothing sets apart from others."""

from collections.abc import Iterable
from weakref import WeakValueDictionary

from wasmwright_operator import names
from wasmwright_operator.fleet.requests import is_new_token
from wasmwright_operator.fleet.targets import Kind, Place, Target
from wasmwright_operator.records import NodeRecord, WasmNodeRecord


class Kinds:
    """The kinds of nodes that there are; one that no target has any more is forgotten."""

    def __init__(self) -> None:
        self._known: WeakValueDictionary[object, Kind] = WeakValueDictionary()

    def of(self, goal: Target, places: Iterable[Place]) -> Kind | None:
        """Return the kind that a node shares with others, or None if something sets it apart."""
        if not _is_ordinary(goal):
            return None
        wasm_node = goal.wasm_node
        given = wasm_node.spec.runtimes if wasm_node is not None else ()
        counted = tuple((runtime, found) for runtime, found, _ in places)
        key = (goal.node.arch, goal.wanted, wasm_node is None, id(given), counted)
        kind = self._known.get(key)
        if kind is None:
            kind = self._known[key] = Kind(given, counted)
        return kind


def _is_ordinary(target: Target) -> bool:
    node, wasm_node = target.node, target.wasm_node
    is_usable = node.is_ready and not (node.is_unschedulable or node.is_paused)
    has_problem = bool(target.excluded or target.refused) or target.predecessor is not None
    has_problem = has_problem or bool(target.predecessor_labels)
    return is_usable and not has_problem and (wasm_node is None or _is_settled(node, wasm_node))


def _is_settled(node: NodeRecord, wasm_node: WasmNodeRecord) -> bool:
    """Tell whether nothing is under way, has failed, is asked for anew or is to be noted."""
    spec = wasm_node.spec
    has_news = wasm_node.is_in_flight or wasm_node.deleting or wasm_node.status.last_error
    has_token = is_new_token(node, names.REINSTALL, spec.reinstall_token) or is_new_token(
        node, names.RETRY, spec.retry_token
    )
    return not (has_news or has_token or spec.refused or spec.predecessor_labels)
