"""Where one node is counted: how far it is with each of its runtimes."""

from collections.abc import Iterator, Mapping
from typing import Final

from wasmwright_operator.api.runtime_status import NodeExclusion, NodeFailure
from wasmwright_operator.api.wasmnode import Refusal
from wasmwright_operator.fleet.fitness import has_handler_order_bug
from wasmwright_operator.fleet.rendering import Renderer
from wasmwright_operator.fleet.targets import UNSUPPORTED, Item, Place, Target
from wasmwright_operator.records import RuntimeRecord, WasmNodeRecord

_MESSAGE_LIMIT: Final = 300

Found = Iterator[tuple[str, Item]]
"""Lists of one runtime's survey, and what the node adds to them."""


def places_of(
    target: Target, runtimes: Mapping[str, RuntimeRecord], renderer: Renderer
) -> Iterator[Place]:
    """Yield the places of a node; what has no WasmRuntime any more is counted nowhere."""
    for name in target.wanted:
        yield from ((name, *found) for found in _wanted(runtimes[name], target, renderer))
    for name, problem in target.excluded.items():
        yield from ((name, *found) for found in _excluded(target.node.name, problem))
    for name in _leaving(target) & runtimes.keys():
        yield from ((name, *found) for found in _removal(target))


def _wanted(runtime: RuntimeRecord, target: Target, renderer: Renderer) -> Found:
    wasm_node, name = target.wasm_node, target.node.name
    if has_handler_order_bug(target.node.container_runtime):
        yield "with_order_bug", name
    if wasm_node is None:
        yield from _pending(target)
        return
    is_concerned = runtime.name in wasm_node.spec.changes
    is_ready = runtime.name in wasm_node.ready_names
    if is_ready:
        yield "ready", name
    if wasm_node.has_drifted and not is_ready:
        yield "drifted", name
        yield from _failure(wasm_node)
    elif is_concerned and wasm_node.is_failing and not wasm_node.has_drifted:
        yield ("blocked" if wasm_node.waits_for_pods else "failed"), name
        yield from _failure(wasm_node)
    elif is_concerned and wasm_node.is_in_flight:
        yield "updating", name
    elif is_ready and _is_current(runtime, target, renderer):
        yield "updated", name
    else:
        yield from _pending(target)


def _pending(target: Target) -> Found:
    node = target.node
    yield "pending", node.name
    if node.is_ready and not node.is_paused:
        yield "movable", node.name
    elif not node.is_ready and target.wasm_node is not None:
        yield "not_ready", node.name
    elif node.is_paused:
        yield "paused", node.name


def _is_current(runtime: RuntimeRecord, target: Target, renderer: Renderer) -> bool:
    desired = renderer.entry(runtime, target.node.arch)
    if desired is None or target.wasm_node is None:
        return False
    present = renderer.digests(target.wasm_node).get(runtime.name)
    return present == renderer.digest(desired)


def _excluded(node: str, problem: Refusal) -> Found:
    reason, message = problem.reason, problem.message
    if reason == UNSUPPORTED:
        yield "unsupported", node
        yield "failures", NodeFailure(node=node, reason=reason, message=message)
    else:
        yield "excluded", NodeExclusion(node=node, reason=reason, message=message)


def _leaving(target: Target) -> frozenset[str]:
    if target.wasm_node is None:
        return frozenset()
    return target.wasm_node.held_names - target.wanted - target.excluded.keys()


def _removal(target: Target) -> Found:
    yield "removing", target.node.name
    if target.wasm_node is not None and target.wasm_node.is_failing:
        yield from _failure(target.wasm_node)


def _failure(wasm_node: WasmNodeRecord) -> Found:
    status = wasm_node.status
    if status.last_error is not None:
        failure = NodeFailure(
            node=wasm_node.name,
            reason=status.last_error.reason,
            message=status.last_error.message[:_MESSAGE_LIMIT],
            attempts=status.failures,
            next_retry=status.next_retry,
        )
        yield "failures", failure
