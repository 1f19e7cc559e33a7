"""What a change may cost the pods on a node, as a person writes it and as a node's run holds it."""

from enum import StrEnum

from pydantic import ConfigDict, Field

from wasmwright_operator.api.amounts import Span
from wasmwright_operator.api.meta import ApiModel, LabelSelector, rule, rules


class WasmPodsPolicy(StrEnum):
    """What happens when a restart of the container runtime would orphan running wasm pods."""

    WAIT = "Wait"
    EVICT = "Evict"
    FORCE = "Force"


class DisruptionMode(StrEnum):
    """What is done to a node around a run."""

    NONE = "None"
    CORDON = "Cordon"
    DRAIN = "Drain"


class DrainSpec(ApiModel):
    """How a node is drained; names and meaning as with `kubectl drain`."""

    timeout: Span = "5m"
    """How long PodDisruptionBudgets and terminating pods may hold it up: then the node is given
    its pods back and the run counts as failed."""
    pod_selector: LabelSelector | None = None
    """Only these pods are evicted; absent = all but those of DaemonSets and static ones."""
    delete_empty_dir_data: bool = False
    """Evict pods with emptyDir volumes too, whose data is lost."""
    force: bool = False
    """Evict pods that no controller would create again."""


class DisruptionSpec(ApiModel):
    """What a change may cost the pods that run on a node."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            rule(
                "!has(self.drain) || self.mode == 'Drain'",
                "drain is only read with mode Drain; set the mode or remove drain",
            )
        )
    )

    wasm_pods: WasmPodsPolicy = WasmPodsPolicy.WAIT
    """What happens when a restart of the container runtime would orphan running wasm pods.

    Wait: the node waits with the pods' names as the reason; Evict: they are evicted, within their
    PodDisruptionBudgets; Force: go on.
    """
    mode: DisruptionMode = DisruptionMode.NONE
    """None: the node stays as it is; Cordon: no new pods during a run; Drain: its pods go first."""
    drain: DrainSpec | None = None
    """How nodes are drained, for mode Drain."""


class NodeDisruption(ApiModel):
    """What one run may do to the pods of its node: the strictest of what its runtimes allow."""

    wasm_pods: WasmPodsPolicy = WasmPodsPolicy.WAIT
    """What happens to wasm pods that a restart would orphan."""
    mode: DisruptionMode = DisruptionMode.NONE
    """What is done to the node before and after."""
    drain: DrainSpec = DrainSpec()
    """How it is drained, for mode Drain."""
    blocking_pods: tuple[LabelSelector, ...] = Field(default=(), max_length=32)
    """The run waits as long as such a pod runs on the node."""
