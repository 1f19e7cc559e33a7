"""RuntimeClasses: when they appear, what they say, and when they go."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wasmwright_operator import names
from wasmwright_operator.actions import (
    ApplyRuntimeClass,
    DeleteRuntimeClass,
    ReleaseRuntimeClass,
)
from wasmwright_operator.api.amounts import amount_of
from wasmwright_operator.api.meta import Toleration
from wasmwright_operator.api.wasmruntime import ConflictPolicy, RuntimeClassSpec
from wasmwright_operator.records import RuntimeClassRecord, RuntimeRecord

ClassAction = ApplyRuntimeClass | ReleaseRuntimeClass | DeleteRuntimeClass


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
    runtime: RuntimeRecord, existing: Mapping[str, RuntimeClassRecord], *, are_enough_ready: bool
) -> ClassPlan:
    """Return the plan for a runtime that is served."""
    actions: list[ClassAction] = list(_surplus(runtime, existing.values()))
    present, waiting, conflicts = [], [], []
    for spec in _class_specs(runtime):
        found = existing.get(spec.name)
        problem = _conflict(runtime, spec, found)
        if problem:
            conflicts.append(problem)
        elif found is not None and found.runtime == "" and spec.conflict_policy == "Ignore":
            present.append(spec.name)
        elif found is None or found.runtime == "":
            waiting.append(spec.name)
            if are_enough_ready:
                actions.append(_apply(runtime, spec, is_adopted=found is not None))
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
        if is_ours and found.name not in runtime.class_names:
            yield _end(found)


def _end(found: RuntimeClassRecord) -> ClassAction:
    if found.adopted:
        return ReleaseRuntimeClass(name=found.name, handler=found.handler)
    return DeleteRuntimeClass(name=found.name, uid=found.uid)


def _class_specs(runtime: RuntimeRecord) -> tuple[RuntimeClassSpec, ...]:
    given = runtime.spec.runtime_classes if runtime.spec else None
    return (RuntimeClassSpec(name=runtime.handler),) if given is None else given


def _conflict(
    runtime: RuntimeRecord, spec: RuntimeClassSpec, found: RuntimeClassRecord | None
) -> str:
    if found is None or found.runtime == runtime.name:
        return ""
    if found.runtime:
        return f"RuntimeClass {spec.name!r} belongs to WasmRuntime {found.runtime!r}"
    if spec.conflict_policy is ConflictPolicy.IGNORE:
        return ""
    if found.handler != runtime.handler:
        return (
            f"RuntimeClass {spec.name!r} exists with handler {found.handler!r}, not"
            f" {runtime.handler!r}; delete it or choose another name"
        )
    if spec.conflict_policy is ConflictPolicy.ADOPT:
        return ""
    return (
        f"RuntimeClass {spec.name!r} exists and is not ours; delete it, choose another name or set"
        " conflictPolicy to Adopt or Ignore"
    )


def _correct(
    runtime: RuntimeRecord, spec: RuntimeClassSpec, found: RuntimeClassRecord
) -> Iterator[ClassAction]:
    wanted = _apply(runtime, spec, is_adopted=found.adopted)
    is_as_wanted = (
        found.spec_hash == wanted.manifest["metadata"]["annotations"][names.SPEC_HASH]
        and dict(found.node_selector) == wanted.manifest["scheduling"]["nodeSelector"]
    )
    if not (is_as_wanted or found.deleting):
        yield wanted


def _apply(
    runtime: RuntimeRecord, spec: RuntimeClassSpec, *, is_adopted: bool
) -> ApplyRuntimeClass:
    body = _body(runtime, spec)
    text = json.dumps(body, sort_keys=True)
    annotations = {names.SPEC_HASH: hashlib.sha256(text.encode()).hexdigest()[:16]}
    if is_adopted:
        annotations[names.ADOPTED] = "true"
    metadata = {
        "name": spec.name,
        "labels": {names.MANAGED_BY: names.MANAGED_BY_VALUE, names.RUNTIME: runtime.name},
        "annotations": annotations,
    }
    manifest = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": metadata}
    return ApplyRuntimeClass(name=spec.name, manifest={**manifest, **body})


def _body(runtime: RuntimeRecord, spec: RuntimeClassSpec) -> dict[str, Any]:
    """Return what the class says; the ready label cannot be overridden by the user's selector."""
    scheduling: dict[str, Any] = {
        "nodeSelector": {**spec.node_selector, names.runtime_label(runtime.name): "ready"}
    }
    if spec.tolerations:
        scheduling["tolerations"] = [_toleration(item) for item in spec.tolerations]
    body: dict[str, Any] = {"handler": runtime.handler, "scheduling": scheduling}
    if spec.overhead is not None and spec.overhead.pod_fixed:
        body["overhead"] = {
            "podFixed": {name: str(value) for name, value in spec.overhead.pod_fixed.items()}
        }
    return body


def _toleration(item: Toleration) -> dict[str, Any]:
    return item.model_dump(mode="json", exclude_defaults=True) | {"operator": item.operator}
