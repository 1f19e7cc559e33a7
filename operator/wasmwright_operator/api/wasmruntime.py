"""`WasmRuntime`: a runtime that nodes of the cluster may have."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field
from wasmwright_installer.contract import (
    FILE_NAME_PATTERN,
    HANDLER_PATTERN,
    OptionValue,
    RuntimeType,
    WasmPods,
)

from wasmwright_operator.api.meta import ApiModel, Condition, LabelSelector, Toleration


class Platform(ApiModel):
    """The download for one architecture."""

    arch: str = Field(pattern=r"^[a-z0-9]+$")
    """As in the node label `kubernetes.io/arch`."""
    url: str = Field(pattern=r"^https?://", max_length=2048)
    sha256: str = Field(pattern=r"^[a-f0-9]{64}$")
    path: str = Field(default="", max_length=256)
    """The member to take out of a tar archive; empty = the download is the binary itself."""


class HttpSource(ApiModel):
    """Downloads, one per architecture, each checked against its digest before it is unpacked."""

    platforms: tuple[Platform, ...] = Field(min_length=1, max_length=16)


class HostProbe(ApiModel):
    """A command line that the binary must answer before the node counts as having it."""

    args: tuple[str, ...] = Field(default=("--version",), max_length=8)
    contains: str = Field(default="", max_length=256)


class HostPathSource(ApiModel):
    """A binary that nodes already have: only the configuration is ours."""

    path: str = Field(pattern=r"^/", max_length=1024)
    probe: HostProbe | None = None


class SourceSpec(ApiModel):
    """Where the binary comes from: exactly one of the fields."""

    http: HttpSource | None = None
    host_path: HostPathSource | None = None


class ConfigSpec(ApiModel):
    """What the handler's table in the container runtime's configuration holds beside its path."""

    options: dict[str, OptionValue] = {}
    pod_annotations: tuple[str, ...] = Field(default=(), max_length=32)
    snapshotter: str = Field(default="", max_length=128)
    pods_survive_restart: bool | None = None
    """Whether running pods live through a restart of the container runtime.

    Absent: yes for OCIRuntime, no for ContainerdShim (measured for the runwasi library).
    """


class PlacementSpec(ApiModel):
    """Which nodes are to have the runtime."""

    node_selector: LabelSelector | None = None
    """Absent = only nodes that ask by annotation; empty = every eligible node."""
    requestable: bool = True
    tolerations: tuple[Toleration, ...] = Field(default=(), max_length=32)


class ConflictPolicy(StrEnum):
    """What to do with a RuntimeClass of this name that is not ours."""

    FAIL = "Fail"
    ADOPT = "Adopt"
    IGNORE = "Ignore"


class RuntimeClassSpec(ApiModel):
    """One RuntimeClass to create for the handler."""

    name: str = Field(pattern=r"^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$")
    overhead: dict[str, Any] = {}
    node_selector: dict[str, str] = {}
    """Added to the selector on the ready label, which is always there."""
    tolerations: tuple[Toleration, ...] = Field(default=(), max_length=32)
    conflict_policy: ConflictPolicy = ConflictPolicy.FAIL


class DisruptionSpec(ApiModel):
    """What a change may cost the pods that run on a node."""

    wasm_pods: WasmPods = WasmPods.WAIT


class RolloutSpec(ApiModel):
    """How fast nodes change."""

    paused: bool = False
    max_parallel: int = Field(default=10, ge=1, le=10000)
    disruption: DisruptionSpec = DisruptionSpec()


class WasmRuntimeSpec(ApiModel):
    """What people write."""

    version: str = Field(default="", max_length=64)
    handler: str | None = Field(default=None, pattern=HANDLER_PATTERN)
    type: RuntimeType = RuntimeType.CONTAINERD_SHIM
    source: SourceSpec
    config: ConfigSpec = ConfigSpec()
    placement: PlacementSpec = PlacementSpec()
    runtime_classes: tuple[RuntimeClassSpec, ...] | None = Field(default=None, max_length=16)
    min_ready_nodes: int | Annotated[str, Field(pattern=r"^([1-9][0-9]?|100)%$")] = 1
    rollout: RolloutSpec = RolloutSpec()


class NodeCounts(ApiModel):
    """How many nodes are in which state; `targeted` is the sum of those that are to have it."""

    targeted: int = 0
    ready: int = 0
    updated: int = 0
    updating: int = 0
    failed: int = 0
    blocked: int = 0
    pending: int = 0
    removing: int = 0
    unsupported: int = 0


class NodeFailure(ApiModel):
    """One node that is not done, and why."""

    node: str
    reason: str
    message: str = ""
    attempts: int = 0
    next_retry: str = ""


class WasmRuntimeStatus(ApiModel):
    """What people read back."""

    observed_generation: int = 0
    nodes: NodeCounts = NodeCounts()
    summary: str = ""
    failures: tuple[NodeFailure, ...] = Field(default=(), max_length=10)
    conditions: tuple[Condition, ...] = ()


BINARY_NAME = FILE_NAME_PATTERN
"""The last part of a source's path becomes a file name on the node."""
