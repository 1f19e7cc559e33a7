"""How a runtime is taken away: `spec.removal` of a WasmRuntime."""

from enum import StrEnum

from wasmwright_operator.api.amounts import Span
from wasmwright_operator.api.meta import ApiModel


class WhenInUse(StrEnum):
    """What happens at a removal when pods on the node use the runtime."""

    BLOCK = "Block"
    DRAIN = "Drain"
    FORCE = "Force"


class RemovalSpec(ApiModel):
    """How the runtime is taken from nodes that are not to have it any longer."""

    when_in_use: WhenInUse = WhenInUse.BLOCK
    """Block: wait until no pod uses it; Drain: evict these pods, within their
    PodDisruptionBudgets; Force: take it away under them."""
    unreachable_timeout: Span = "30m"
    """After so long a node that is not Ready no longer holds up a deletion; it is cleaned when it
    comes back."""
