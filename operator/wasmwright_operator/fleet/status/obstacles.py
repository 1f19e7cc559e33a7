"""What a deletion waits for, in the words of a condition."""

from collections.abc import Iterable

from wasmwright_operator.conditions import capped
from wasmwright_operator.fleet.removal import Holder, Removal, rules_of
from wasmwright_operator.records import RuntimeRecord
from wasmwright_operator.records.wasmnode import BLOCKING_PODS

Obstacle = tuple[bool, str, str]


def deletion_blocked(runtime: RuntimeRecord, removal: Removal) -> tuple[str, bool, str, str]:
    """Return the condition that says why a deletion does not go on."""
    holds, reason, message = _obstacle(runtime, removal)
    return "DeletionBlocked", holds, reason, message + _left_behind(removal.orphaned)


def _obstacle(runtime: RuntimeRecord, removal: Removal) -> Obstacle:
    if not removal.holding:
        reason = "NodesOrphaned" if removal.orphaned else "Removed"
        return False, reason, "no node is waited for"
    if runtime.is_paused:
        return True, "Paused", "spec.rollout.paused is set, so nothing is removed"
    reachable = [holder for holder in removal.holding if holder.node.is_ready]
    return (
        _in_use(reachable)
        or _blocked(reachable)
        or _failed(reachable)
        or _untouchable(removal.holding)
        or _unreachable(runtime, removal.holding)
        or (False, "Removing", f"being removed from {_names(removal.holding)}")
    )


def _in_use(holders: Iterable[Holder]) -> Obstacle | None:
    waiting = (holder for holder in holders if holder.wasm_node.waits_for_pods)
    found = [it for it in waiting if it.wasm_node.is_failing and _reason(it) != BLOCKING_PODS]
    if not found:
        return None
    return True, "PodsInUse", f"{len(found)} nodes have pods that use it: {_pods(found)}"


def _blocked(holders: Iterable[Holder]) -> Obstacle | None:
    failing = (holder for holder in holders if holder.wasm_node.is_failing)
    found = [holder for holder in failing if _reason(holder) == BLOCKING_PODS]
    if not found:
        return None
    told = (
        f"{len(found)} nodes are cleaned when the pods have ended that rollout.blockingPods"
        f" selects there: {_pods(found)}"
    )
    return True, BLOCKING_PODS, told


def _failed(holders: Iterable[Holder]) -> Obstacle | None:
    found = [holder for holder in holders if holder.wasm_node.is_failing]
    if not found:
        return None
    told = capped(f"{holder.name} ({_reason(holder)})" for holder in found)
    return True, "UninstallFailed", f"{len(found)} nodes could not be cleaned: {told}"


def _untouchable(holders: Iterable[Holder]) -> Obstacle | None:
    skipped = [holder for holder in holders if holder.node.is_skipped]
    if skipped:
        told = f"{len(skipped)} nodes may not be touched (wasmwright.dev/skip): {_names(skipped)}"
        return True, "NodesSkipped", told
    paused = [holder for holder in holders if holder.node.is_paused]
    if paused:
        told = f"{len(paused)} nodes are paused (wasmwright.dev/paused): {_names(paused)}"
        return True, "NodesPaused", told
    return None


def _unreachable(runtime: RuntimeRecord, holders: Iterable[Holder]) -> Obstacle | None:
    found = [holder for holder in holders if not holder.node.is_ready]
    if not found:
        return None
    told = (
        f"{len(found)} nodes are not Ready: {_names(found)}; each is given up"
        f" {rules_of(runtime).unreachable_timeout} after it ceased to be"
        " (spec.removal.unreachableTimeout), or at once with the annotation"
        ' wasmwright.dev/force-delete: "true", and cleaned when it returns'
    )
    return True, "NodesUnreachable", told


def _left_behind(orphaned: tuple[str, ...]) -> str:
    if not orphaned:
        return ""
    return (
        f"; {len(orphaned)} nodes are left behind and cleaned when they can be: {capped(orphaned)}"
    )


def _reason(holder: Holder) -> str:
    error = holder.wasm_node.status.last_error
    return error.reason if error is not None else ""


def _pods(holders: Iterable[Holder]) -> str:
    """Return the nodes, each with the pods that are in the way there."""
    return capped(
        f"{holder.name} ({capped(holder.wasm_node.status.blocking_pods)})" for holder in holders
    )


def _names(holders: Iterable[Holder]) -> str:
    return capped(holder.name for holder in holders)
