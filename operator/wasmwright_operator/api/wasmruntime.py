"""`WasmRuntime`: a runtime that nodes of the cluster may have."""

from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field

from wasmwright_installer.contract import HANDLER_PATTERN, RuntimeType
from wasmwright_operator.api.amounts import Amount, amount_rule
from wasmwright_operator.api.config import ConfigSpec
from wasmwright_operator.api.meta import ApiModel, list_map, rule, rules
from wasmwright_operator.api.placement import PlacementSpec
from wasmwright_operator.api.removal import RemovalSpec
from wasmwright_operator.api.rollout import RolloutSpec
from wasmwright_operator.api.runtimeclass import RuntimeClassSpec
from wasmwright_operator.api.source import SourceSpec
from wasmwright_operator.api.verify import VerifySpec

_RESERVED: Final = (
    r"^(runc|runsc|gvisor|untrusted|firecracker|runhcs-wcow-process"
    r"|(kata|nvidia)(-.*)?)$"
)
ROOT_RULES: Final = rules(
    rule(
        "self.metadata.name.size() <= 40"
        " && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
        "metadata.name must be a DNS label of at most 40 characters,"
        " since it becomes part of label keys and paths",
    ),
    rule(
        "!(has(self.spec.handler) ? self.spec.handler : self.metadata.name)"
        f".matches('{_RESERVED}')",
        "the handler (spec.handler, else metadata.name) is the usual name of a runtime"
        " that is not ours; choose another one",
    ),
)
"""Rules that need the object's name, so they belong to the root of the schema."""


class WasmRuntimeSpec(ApiModel):
    """What is to be installed, where, and how it is offered to pods."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            rule(
                "has(self.handler) == has(oldSelf.handler)"
                " && (!has(self.handler) || self.handler == oldSelf.handler)",
                "handler is immutable, since RuntimeClasses cannot change theirs;"
                " create another WasmRuntime instead",
            ),
            rule(
                "self.type != 'OCIRuntime' || !has(self.config) || !has(self.config.options)"
                " || !has(self.config.options.BinaryName)",
                "for an OCIRuntime the option BinaryName is set by wasmwright; remove it",
            ),
        )
    )

    version: str = Field(default="", max_length=64)
    """Shown to people; what counts for a rollout is the source and the configuration."""
    handler: str | None = Field(default=None, pattern=HANDLER_PATTERN, max_length=40)
    """The name of the CRI handler, immutable; absent = metadata.name."""
    type: RuntimeType = RuntimeType.CONTAINERD_SHIM
    """ContainerdShim: the binary is a containerd shim; OCIRuntime: it is called like runc."""
    source: SourceSpec
    """Where the binary comes from: exactly one of the fields."""
    allow_unverified: bool = False
    """Whether downloads without sha256 may run: what the first node finds is taken, recorded in
    status.digests and required of all later nodes."""
    config: ConfigSpec = ConfigSpec()
    """What the handler's table in the container runtime's configuration holds beside its path."""
    placement: PlacementSpec = PlacementSpec()
    """Which nodes are to have the runtime."""
    runtime_classes: tuple[RuntimeClassSpec, ...] | None = Field(
        default=None, max_length=16, json_schema_extra=list_map("name")
    )
    """The RuntimeClasses to create; absent = one, named like the handler."""
    min_ready_nodes: Annotated[Amount, Field(json_schema_extra=amount_rule("minReadyNodes", 0))] = 1
    """RuntimeClasses appear when this many nodes (or "50%") are ready, and then stay."""
    rollout: RolloutSpec = RolloutSpec()
    """How fast and how carefully nodes change."""
    verify: VerifySpec = VerifySpec()
    """How it is found out that a node serves the runtime, and still serves it later."""
    removal: RemovalSpec = RemovalSpec()
    """How the runtime is taken from nodes that are not to have it any longer."""
    revision_history_limit: int = Field(default=10, ge=1, le=100)
    """How many revisions that no node has any more are kept to go back to."""


COLUMNS: Final[tuple[dict[str, Any], ...]] = (
    {"name": "Handler", "type": "string", "jsonPath": ".status.handler"},
    {"name": "Version", "type": "string", "jsonPath": ".spec.version"},
    {"name": "Nodes", "type": "string", "jsonPath": ".status.summary"},
    {"name": "Updated", "type": "integer", "jsonPath": ".status.nodes.updated"},
    {"name": "Failed", "type": "integer", "jsonPath": ".status.nodes.failed"},
    {
        "name": "Status",
        "type": "string",
        "jsonPath": '.status.conditions[?(@.type=="Ready")].reason',
    },
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    {"name": "Phase", "type": "string", "jsonPath": ".status.rollout.phase", "priority": 1},
    {"name": "Revision", "type": "string", "jsonPath": ".status.targetRevision", "priority": 1},
    {"name": "Type", "type": "string", "jsonPath": ".spec.type", "priority": 1},
    {"name": "Paused", "type": "boolean", "jsonPath": ".spec.rollout.paused", "priority": 1},
    {
        "name": "Message",
        "type": "string",
        "jsonPath": '.status.conditions[?(@.type=="Ready")].message',
        "priority": 1,
    },
)
