"""Which nodes are to have a runtime: `spec.placement` of a WasmRuntime."""

from typing import Literal

from pydantic import Field

from wasmwright_operator.api.meta import ApiModel, LabelSelector, Toleration


class StartupTaint(ApiModel):
    """A taint that keeps pods off a node until it serves the runtime."""

    key: str = Field(min_length=1, max_length=317)
    """The taint's key, for example `example.com/wasm-not-ready`."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = "NoSchedule"
    """The taint's effect."""


class PlacementSpec(ApiModel):
    """Which nodes are to have the runtime."""

    node_selector: LabelSelector | None = None
    """Nodes with these labels get the runtime without asking for it.

    Absent = only nodes that ask by annotation; empty = every eligible node.
    """
    requestable: bool = True
    """Whether nodes may ask for it by the annotation `wasmwright.dev/runtimes`."""
    tolerations: tuple[Toleration, ...] = Field(default=(), max_length=32)
    """Taints that do not keep the runtime away; without them taints count as for a DaemonSet."""
    startup_taints: tuple[StartupTaint, ...] = Field(default=(), max_length=8)
    """Taints that new nodes of a pool are born with, and that are lifted once the node has proved
    that it serves the runtime; they do not keep the runtime away."""
