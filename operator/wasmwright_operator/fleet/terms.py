"""On which terms a run changes a node: of what its runtimes say, always the more careful."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from wasmwright_installer.contract import WasmPods
from wasmwright_operator.api.amounts import span
from wasmwright_operator.api.disruption import (
    DisruptionMode,
    DisruptionSpec,
    DrainSpec,
    NodeDisruption,
    WasmPodsPolicy,
)
from wasmwright_operator.api.meta import LabelSelector
from wasmwright_operator.api.removal import WhenInUse
from wasmwright_operator.api.rollout import RolloutSpec
from wasmwright_operator.api.wasmruntime import WasmRuntimeSpec

_PODS_BY_CARE: Final = tuple(WasmPodsPolicy)
_MODES_BY_CARE: Final = tuple(reversed(DisruptionMode))
_PODS_AT_REMOVAL: Final = {
    WhenInUse.BLOCK: WasmPodsPolicy.WAIT,
    WhenInUse.DRAIN: WasmPodsPolicy.EVICT,
    WhenInUse.FORCE: WasmPodsPolicy.FORCE,
}
_SELECTORS: Final = 32
"""As many as `NodeDisruption` holds."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the runtimes of one run agree on."""

    disruption: NodeDisruption = field(default_factory=NodeDisruption)
    max_attempts: int = 0
    min_ready_seconds: int = 0
    removal: WasmPods = WasmPods.WAIT
    """What happens to pods that use a runtime which is to go."""

    @property
    def wasm_pods(self) -> WasmPods:
        """What the installer is told: it knows no eviction."""
        is_forced = self.disruption.wasm_pods is WasmPodsPolicy.FORCE
        return WasmPods.FORCE if is_forced else WasmPods.WAIT


def terms_of(
    changing: Iterable[WasmRuntimeSpec | None], leaving: Iterable[WasmRuntimeSpec | None]
) -> Terms:
    """Return the terms of a run that brings or changes some runtimes and takes others away.

    None stands for a WasmRuntime that is gone or cannot be understood: nobody permits any harm.
    """
    going = tuple(leaving)
    rollouts = (
        *(spec.rollout for spec in changing if spec is not None),
        *(_at_removal(spec) for spec in going if spec is not None),
    )
    is_forced = bool(going) and all(
        spec is not None and spec.removal.when_in_use is WhenInUse.FORCE for spec in going
    )
    return replace(agree(rollouts), removal=WasmPods.FORCE if is_forced else WasmPods.WAIT)


def _at_removal(spec: WasmRuntimeSpec) -> RolloutSpec:
    """Return a rollout in which pods have the fate that the removal gives them."""
    pods = _PODS_AT_REMOVAL[spec.removal.when_in_use]
    disruption = spec.rollout.disruption.model_copy(update={"wasm_pods": pods})
    return spec.rollout.model_copy(update={"disruption": disruption})


def agree(rollouts: Iterable[RolloutSpec]) -> Terms:
    """Return the terms of a run that changes runtimes with these rollouts."""
    given = tuple(rollouts)
    if not given:
        return Terms()
    return Terms(
        disruption=_disruption(given),
        max_attempts=min((item.max_attempts for item in given if item.max_attempts), default=0),
        min_ready_seconds=max(item.min_ready_seconds for item in given),
    )


def _disruption(given: tuple[RolloutSpec, ...]) -> NodeDisruption:
    asked = tuple(item.disruption for item in given)
    selectors = dict.fromkeys(
        selector.model_dump_json() for item in given for selector in item.blocking_pods
    )
    return NodeDisruption(
        wasm_pods=min((item.wasm_pods for item in asked), key=_PODS_BY_CARE.index),
        mode=min((item.mode for item in asked), key=_MODES_BY_CARE.index),
        drain=_drain(asked),
        blocking_pods=tuple(
            LabelSelector.model_validate_json(text) for text in sorted(selectors)[:_SELECTORS]
        ),
    )


def _drain(asked: tuple[DisruptionSpec, ...]) -> DrainSpec:
    """Drain as the most patient one does, and evict only what all of them would."""
    drains = [item.drain or DrainSpec() for item in asked if item.mode is DisruptionMode.DRAIN]
    if not drains:
        return DrainSpec()
    selector = drains[0].pod_selector
    return DrainSpec(
        timeout=max((item.timeout for item in drains), key=span),
        pod_selector=selector if all(item.pod_selector == selector for item in drains) else None,
        delete_empty_dir_data=all(item.delete_empty_dir_data for item in drains),
        force=all(item.force for item in drains),
    )
