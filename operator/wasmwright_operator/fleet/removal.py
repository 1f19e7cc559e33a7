"""The end of a WasmRuntime: nodes first, RuntimeClasses last, then the object itself."""

from collections.abc import Iterator

from wasmwright_installer.contract import ExitCode
from wasmwright_operator import names
from wasmwright_operator.actions import SetFinalizers
from wasmwright_operator.conditions import capped
from wasmwright_operator.fleet.classes import ClassAction, plan_end
from wasmwright_operator.fleet.snapshot import Snapshot
from wasmwright_operator.fleet.survey import Survey, error_code
from wasmwright_operator.records import RuntimeRecord, WasmNodeRecord


def plan_removal(
    runtime: RuntimeRecord, found: Survey, snapshot: Snapshot
) -> Iterator[ClassAction | SetFinalizers]:
    """Yield the next steps of a deletion; nothing as long as a node holds the runtime."""
    if found.holders or not runtime.has_finalizer:
        return
    classes = snapshot.runtime_classes.values()
    if any(item.runtime == runtime.name for item in classes):
        yield from plan_end(runtime.name, classes)
        return
    yield SetFinalizers(
        name=runtime.name,
        resource_version=runtime.resource_version,
        finalizers=tuple(item for item in runtime.finalizers if item != names.FINALIZER),
    )


def deletion_blocked(runtime: RuntimeRecord, found: Survey) -> tuple[str, bool, str, str]:
    """Return the condition that says why a deletion does not go on."""
    kind = "DeletionBlocked"
    failed = [holder for holder in found.holders if holder.is_failing]
    in_use = [holder for holder in failed if error_code(holder) == ExitCode.IN_USE]
    if in_use:
        told = capped(f"{item.name} ({capped(item.status.blocking_pods)})" for item in in_use)
        return kind, True, "PodsInUse", f"{len(in_use)} nodes have pods that use it: {told}"
    if failed:
        told = capped(f"{item.name} ({_reason(item)})" for item in failed)
        return kind, True, "UninstallFailed", f"{len(failed)} nodes could not be cleaned: {told}"
    if runtime.spec is not None and runtime.spec.rollout.paused and found.holders:
        return kind, True, "Paused", "spec.rollout.paused is set, so nothing is removed"
    still = sorted(set(_names(found)) - set(found.removing))
    if still:
        message = f"{len(still)} nodes may not be touched (wasmwright.dev/skip): {capped(still)}"
        return kind, True, "NodesSkipped", message
    return kind, False, "Removing", f"being removed from {capped(_names(found)) or 'no node'}"


def _reason(holder: WasmNodeRecord) -> str:
    return holder.status.last_error.reason if holder.status.last_error else ""


def _names(found: Survey) -> list[str]:
    return [holder.name for holder in found.holders]
