"""The RuntimeClass through which smoke tests run on nodes that are not ready yet."""

from collections.abc import Iterator

from wasmwright_operator import names
from wasmwright_operator.actions import ApplyRuntimeClass, DeleteRuntimeClass
from wasmwright_operator.fleet.class_manifests import render, says
from wasmwright_operator.records import RuntimeClassRecord, RuntimeRecord


def plan_trial_class(
    runtime: RuntimeRecord, found: RuntimeClassRecord | None, *, is_changing: bool
) -> Iterator[ApplyRuntimeClass | DeleteRuntimeClass]:
    """Yield what makes the class be there as long as somebody needs it.

    Unlike all others it selects no label: the kubelet would refuse a pod that selects `ready`.
    """
    if runtime.is_smoke_tested:
        yield from _kept(runtime, found)
    elif _is_ours(runtime, found) and found is not None and not is_changing:
        yield DeleteRuntimeClass(name=found.name, uid=found.uid)


def trial_class_conflict(runtime: RuntimeRecord, found: RuntimeClassRecord | None) -> Iterator[str]:
    """Yield a sentence about a class of the name that is not ours."""
    if runtime.is_smoke_tested and found is not None and found.runtime != runtime.name:
        yield (
            f"RuntimeClass {found.name!r} exists and is not ours; delete it, since smoke tests of"
            f" WasmRuntime {runtime.name!r} need that name"
        )


def _kept(
    runtime: RuntimeRecord, found: RuntimeClassRecord | None
) -> Iterator[ApplyRuntimeClass | DeleteRuntimeClass]:
    name = names.smoke_test_class(runtime.name)
    body = {"handler": runtime.handler, "scheduling": {"nodeSelector": {}}}
    wanted = render(runtime, name, body)
    if found is None:
        yield wanted
    elif _is_ours(runtime, found) and found.handler != runtime.handler:
        yield DeleteRuntimeClass(name=name, uid=found.uid)
    elif _is_ours(runtime, found) and not says(found, wanted):
        yield wanted


def _is_ours(runtime: RuntimeRecord, found: RuntimeClassRecord | None) -> bool:
    return found is not None and found.runtime == runtime.name and not found.deleting
