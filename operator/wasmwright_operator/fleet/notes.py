"""What is written into a WasmNode beside a run: refused wishes, and who was there before us."""

from wasmwright_operator import names
from wasmwright_operator.actions import CreateWasmNode, EmitEvent, EventType, UpdateWasmNode
from wasmwright_operator.api.wasmnode import Refusal, WasmNodeSpec
from wasmwright_operator.fleet.eligibility import NOT_READY
from wasmwright_operator.fleet.requests import is_new_token
from wasmwright_operator.fleet.targets import UNKNOWN, Target

WasmNodeWrite = CreateWasmNode | UpdateWasmNode


def needs_note(target: Target) -> bool:
    """Tell whether something besides the runtimes must be written down, without a run."""
    wasm_node = target.wasm_node
    if wasm_node is None:
        return bool(target.refused or target.predecessor_labels)
    if wasm_node.is_in_flight or wasm_node.deleting:
        return False
    is_spent = is_new_token(target.node, names.RETRY, wasm_node.spec.retry_token)
    is_told = (wasm_node.spec.refused, wasm_node.spec.predecessor_labels) == (
        target.refused,
        target.predecessor_labels,
    )
    return not is_told or (is_spent and not wasm_node.has_failed)


def note(target: Target) -> WasmNodeWrite:
    """Return the write that begins no run."""
    told = {"refused": target.refused, "predecessor_labels": target.predecessor_labels}
    if target.wasm_node is None:
        return write(target, WasmNodeSpec(node_uid=target.node.uid, **told))
    noted = {**told, "retry_token": target.node.wish(names.RETRY)}
    return write(target, target.wasm_node.spec.model_copy(update=noted))


def write(target: Target, spec: WasmNodeSpec) -> WasmNodeWrite:
    """Return the write of a spec, with an Event for each wish that is newly refused."""
    fresh = _fresh_refusals(target)
    events = (_refusal_event(target, fresh),) if fresh else ()
    absent = tuple(refusal.name for refusal in fresh if refusal.reason == UNKNOWN)
    if target.wasm_node is None:
        return CreateWasmNode(target.node.name, spec, events, absent)
    version = target.wasm_node.resource_version
    return UpdateWasmNode(target.node.name, version, spec, events, absent)


def _fresh_refusals(target: Target) -> tuple[Refusal, ...]:
    """Return the new wishes of a node that are refused.

    What the node had, or was refused before, is no news about the node: the end of a WasmRuntime
    would otherwise be told on each of its nodes. Nor is it news that a node is not Ready.
    """
    known = target.wasm_node.spec if target.wasm_node else WasmNodeSpec(node_uid="")
    old = {entry.name for entry in known.runtimes} | {item.name for item in known.refused}
    fresh = (refusal for refusal in target.refused if refusal.reason != NOT_READY)
    return tuple(refusal for refusal in fresh if refusal.name not in old)


def _refusal_event(target: Target, fresh: tuple[Refusal, ...]) -> EmitEvent:
    return EmitEvent(
        api_version="v1",
        kind="Node",
        name=target.node.name,
        uid=target.node.uid,
        type=EventType.WARNING,
        reason=fresh[0].reason if len(fresh) == 1 else "RuntimesRefused",
        message="; ".join(refusal.message for refusal in fresh),
    )
