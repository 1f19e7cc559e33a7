"""Which WasmRuntimes are served.

Those that the cluster's rules allow, and of two that claim the same name in it the older one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wasmwright_operator.fleet.source_policy import SourcePolicy, violation
from wasmwright_operator.fleet.trust import UNVERIFIED, unverified_platforms
from wasmwright_operator.fleet.window import window_problem
from wasmwright_operator.records import RuntimeRecord


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Whether a WasmRuntime is served, and if not, why."""

    is_accepted: bool
    reason: str
    message: str


_ANYTHING = SourcePolicy()
_ACCEPTED = Acceptance(is_accepted=True, reason="Valid", message="the spec is valid")


def judge_runtimes(
    runtimes: Iterable[RuntimeRecord], policy: SourcePolicy = _ANYTHING
) -> Mapping[str, Acceptance]:
    """Return the acceptance of every runtime; claims count in order of age, then of name."""
    handlers: dict[str, str] = {}
    classes: dict[str, str] = {}
    verdicts = {}
    for runtime in sorted(runtimes, key=lambda item: (item.created, item.name)):
        verdict = _judge(runtime, handlers, classes)
        if verdict.is_accepted:
            handlers[runtime.handler] = runtime.name
            classes.update(dict.fromkeys(runtime.class_names, runtime.name))
            verdict = _judge_policy(runtime, policy) or _judge_changes(runtime)
        verdicts[runtime.name] = verdict
    return verdicts


def _judge(
    runtime: RuntimeRecord, handlers: Mapping[str, str], classes: Mapping[str, str]
) -> Acceptance:
    if runtime.spec is None:
        return _refuse("InvalidSpec", f"{runtime.invalid}; correct the spec")
    if runtime.handler in handlers:
        return _refuse(
            "HandlerConflict",
            f"handler {runtime.handler!r} belongs to the older WasmRuntime"
            f" {handlers[runtime.handler]!r}; choose another spec.handler",
        )
    taken = [name for name in runtime.class_names if name in classes]
    if taken:
        return _refuse(
            "RuntimeClassConflict",
            f"RuntimeClass {taken[0]!r} belongs to the older WasmRuntime"
            f" {classes[taken[0]]!r}; choose another name in spec.runtimeClasses",
        )
    return _ACCEPTED


def _judge_policy(runtime: RuntimeRecord, policy: SourcePolicy) -> Acceptance | None:
    """What breaks a rule goes nowhere, stays where it is, and keeps its names."""
    broken = violation(runtime.spec, policy) if runtime.spec else None
    return _refuse(broken.reason, broken.message) if broken else None


def _judge_changes(runtime: RuntimeRecord) -> Acceptance:
    """Find what stops all changes, but costs the runtime none of its names."""
    window = runtime.spec.rollout.window if runtime.spec else None
    problem = window_problem(window) if window else ""
    if problem:
        return _refuse("InvalidWindow", problem)
    unverified = unverified_platforms(runtime)
    if unverified and runtime.spec and not runtime.spec.allow_unverified:
        archs = ", ".join(item.arch for item in unverified)
        return _refuse(
            UNVERIFIED,
            f"the download for {archs} has no sha256; give it in spec.source, or set"
            " spec.allowUnverified to take what the first node finds",
        )
    return _ACCEPTED


def _refuse(reason: str, message: str) -> Acceptance:
    return Acceptance(is_accepted=False, reason=reason, message=message)
