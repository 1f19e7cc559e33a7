"""RuntimeClasses: when they appear, what they say, and when they go."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from wasmwright_operator import names
from wasmwright_operator.actions import (
    ApplyRuntimeClass,
    DeleteRuntimeClass,
    DisownRuntimeClass,
    ReleaseRuntimeClass,
)
from wasmwright_operator.api.amounts import amount_of
from wasmwright_operator.api.runtimeclass import ConflictPolicy, RuntimeClassSpec
from wasmwright_operator.fleet.class_manifests import render_class, says
from wasmwright_operator.fleet.trial_class import plan_trial_class, trial_class_conflict
from wasmwright_operator.records import RuntimeClassRecord, RuntimeRecord

ClassAction = ApplyRuntimeClass | ReleaseRuntimeClass | DeleteRuntimeClass | DisownRuntimeClass


@dataclass(frozen=True, slots=True)
class ClassPlan:
    """What to do about the RuntimeClasses of one runtime, and what to tell of them."""

    actions: tuple[ClassAction, ...] = ()
    present: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    """Not created yet, since too few nodes are ready."""
    conflicts: tuple[str, ...] = ()
    """Sentences about RuntimeClasses that are in the way."""


def needed_nodes(runtime: RuntimeRecord, targeted: int) -> int:
    """Return how many nodes must be ready before pods may be sent to them."""
    given = runtime.spec.min_ready_nodes if runtime.spec else 1
    return amount_of(given, targeted, round_up=True)


def plan_classes(
    runtime: RuntimeRecord,
    existing: Mapping[str, RuntimeClassRecord],
    *,
    are_enough_ready: bool,
    is_changing: bool = False,
    takes_shims_over: bool = False,
) -> ClassPlan:
    """Return the plan for a runtime that is served.

    While a run is under way (`is_changing`) the class of smoke tests stays, though nobody may ask
    for more of them: that run was begun with the promise of one. Classes of runtime-class-manager
    may be made ours where `takes_shims_over` says so.
    """
    actions: list[ClassAction] = list(_surplus(runtime, existing.values()))
    present, waiting = [], []
    tests = existing.get(names.smoke_test_class(runtime.name))
    conflicts = list(trial_class_conflict(runtime, tests))
    actions.extend(plan_trial_class(runtime, tests, is_changing=is_changing))
    for spec in _class_specs(runtime):
        found = existing.get(spec.name)
        problem = _conflict(runtime, spec, found, takes_shims_over=takes_shims_over)
        if problem:
            conflicts.append(problem)
        elif found is not None and found.runtime == "" and spec.conflict_policy == "Ignore":
            present.append(spec.name)
        elif found is None or found.runtime == "":
            waiting.append(spec.name)
            if are_enough_ready:
                is_adopted = found is not None and found.shim is None
                actions.append(render_class(runtime, spec, is_adopted=is_adopted))
        else:
            present.append(spec.name)
            actions.extend(_correct(runtime, spec, found))
    return ClassPlan(tuple(actions), tuple(present), tuple(waiting), tuple(conflicts))


def plan_end(owner: str, existing: Iterable[RuntimeClassRecord]) -> tuple[ClassAction, ...]:
    """Return what is left to do when no node has the runtime any more."""
    return tuple(_end(found) for found in existing if found.runtime == owner and not found.deleting)


def _surplus(
    runtime: RuntimeRecord, existing: Iterable[RuntimeClassRecord]
) -> Iterator[ClassAction]:
    """Yield the end of classes that the runtime no longer names."""
    for found in existing:
        is_ours = found.runtime == runtime.name and not found.deleting
        kept = {*runtime.class_names, names.smoke_test_class(runtime.name)}
        if is_ours and found.name not in kept:
            yield _end(found)


def _end(found: RuntimeClassRecord) -> ClassAction:
    if found.adopted:
        return ReleaseRuntimeClass(name=found.name, handler=found.handler)
    return DeleteRuntimeClass(name=found.name, uid=found.uid)


def _class_specs(runtime: RuntimeRecord) -> tuple[RuntimeClassSpec, ...]:
    given = runtime.spec.runtime_classes if runtime.spec else None
    return (RuntimeClassSpec(name=runtime.handler),) if given is None else given


def _conflict(
    runtime: RuntimeRecord,
    spec: RuntimeClassSpec,
    found: RuntimeClassRecord | None,
    *,
    takes_shims_over: bool,
) -> str:
    if found is None or found.runtime == runtime.name:
        return ""
    if found.runtime:
        return f"RuntimeClass {spec.name!r} belongs to WasmRuntime {found.runtime!r}"
    if spec.conflict_policy is ConflictPolicy.IGNORE:
        return ""
    return _of_others(runtime, spec, found, takes_shims_over=takes_shims_over)


def _of_others(
    runtime: RuntimeRecord,
    spec: RuntimeClassSpec,
    found: RuntimeClassRecord,
    *,
    takes_shims_over: bool,
) -> str:
    """Say what keeps a class of others from being made ours."""
    if found.handler != runtime.handler:
        return (
            f"RuntimeClass {spec.name!r} exists with handler {found.handler!r}, not"
            f" {runtime.handler!r}; delete it or choose another name"
        )
    if spec.conflict_policy is ConflictPolicy.ADOPT or (found.shim and takes_shims_over):
        return ""
    if found.shim is not None:
        return (
            f"RuntimeClass {spec.name!r} belongs to Shim {found.shim.name!r} of"
            " runtime-class-manager; set conflictPolicy to Adopt, or the chart's"
            " compat.rcm.takeOver, to make it ours for good"
        )
    return (
        f"RuntimeClass {spec.name!r} exists and is not ours; delete it, choose another name or set"
        " conflictPolicy to Adopt or Ignore"
    )


def _correct(
    runtime: RuntimeRecord, spec: RuntimeClassSpec, found: RuntimeClassRecord
) -> Iterator[ClassAction]:
    """Yield what makes a class of ours say what it should, and then belong to nobody else.

    Until then it goes with its Shim, and comes back with the next plan.
    """
    wanted = render_class(runtime, spec, is_adopted=found.adopted)
    if found.deleting:
        return
    if not says(found, wanted):
        yield wanted
    elif found.shim is not None:
        yield DisownRuntimeClass(found.name, found.uid, found.shim, found.has_shim_label)
