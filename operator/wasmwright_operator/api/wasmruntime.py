"""`WasmRuntime`: a runtime that nodes of the cluster may have."""

from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, WithJsonSchema

from wasmwright_installer.contract import (
    HANDLER_PATTERN,
    OCI_REFERENCE_PATTERN,
    OCI_REPOSITORY_PATTERN,
    OptionValue,
    RuntimeType,
)
from wasmwright_operator.api.access import (
    URL,
    AccessSpec,
    AuthenticatedAccessSpec,
    ObjectName,
    Url,
)
from wasmwright_operator.api.amounts import Amount, Span, amount_rule
from wasmwright_operator.api.meta import (
    FOREIGN_KEYS,
    ApiModel,
    Conditions,
    Labels,
    LabelSelector,
    Toleration,
    list_map,
    rule,
    rules,
)
from wasmwright_operator.api.rollout import RolloutSpec, RolloutStatus

_FILE: Final = r"[A-Za-z0-9_][A-Za-z0-9._+-]*"
_SEGMENT: Final = r"[A-Za-z0-9._+-]+"
_NO_PARENT: Final = rule(
    "!self.matches('(^|/)[.][.](/|$)')",
    "a path may not go up by '..'",
)
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


class Platform(ApiModel):
    """The download for one architecture."""

    arch: str = Field(pattern=r"^[a-z0-9]+$", max_length=32)
    """The architecture, as in the node label `kubernetes.io/arch`: amd64, arm64, ..."""
    url: str = Field(pattern=URL, max_length=2048)
    """Where the binary, or an archive that holds it, is downloaded from by the node."""
    mirrors: tuple[Url, ...] = Field(default=(), max_length=8)
    """Other addresses of the same bytes, tried in this order when `url` does not give them."""
    sha256: str = Field(default="", pattern=r"^([a-f0-9]{64})?$")
    """The digest of the download, checked before anything is unpacked; empty only with
    spec.allowUnverified."""
    signature: Url | None = None
    """Where its signature is, if `verify` is given; absent = beside each address, as `.sig` (of a
    key) or `.sigstore.json` (of an identity)."""
    path: str = Field(
        default="",
        pattern=rf"^(({_SEGMENT}/)*{_FILE})?$",
        max_length=256,
        json_schema_extra=rules(_NO_PARENT),
    )
    """The member to take out of an archive (tar, plain or by gzip, bzip2, xz or zstd, or zip);
    empty = the download is the binary itself."""


class HttpSource(AuthenticatedAccessSpec):
    """Downloads, one per architecture, each checked against its digest before it is unpacked."""

    platforms: tuple[Platform, ...] = Field(
        min_length=1, max_length=16, json_schema_extra=list_map("arch")
    )
    """One entry per architecture; nodes of others are reported as unsupported."""


class OciSource(AccessSpec):
    """An artifact in a registry, pulled by its digest in a container of wasmwright's own."""

    ref: str = Field(pattern=OCI_REFERENCE_PATTERN, max_length=512)
    """`registry/repository@sha256:...`, of an index or of a manifest."""
    mirrors: tuple[Annotated[str, Field(pattern=OCI_REPOSITORY_PATTERN, max_length=440)], ...] = (
        Field(default=(), max_length=8)
    )
    """Other repositories (`registry/repository`) with the same artifact, tried in this order."""
    title: str = Field(default="", max_length=256)
    """The layer to take, by its annotation org.opencontainers.image.title; empty = the only one."""
    path: str = Field(
        default="",
        pattern=rf"^(({_SEGMENT}/)*{_FILE})?$",
        max_length=256,
        json_schema_extra=rules(_NO_PARENT),
    )
    """The member to take out of the layer, if that is an archive; empty = it is the binary."""
    pull_secrets: tuple[ObjectName, ...] = Field(default=(), max_length=8)
    """Secrets of type kubernetes.io/dockerconfigjson, in wasmwright's own namespace."""
    architectures: tuple[Annotated[str, Field(pattern=r"^[a-z0-9]+$", max_length=32)], ...] = Field(
        default=(), max_length=16
    )
    """Those that the artifact is for, as in the node label `kubernetes.io/arch`; empty = any node
    tries."""


class ImageSource(ApiModel):
    """A file in a container image, pulled by the node's own container runtime."""

    ref: str = Field(pattern=OCI_REFERENCE_PATTERN, max_length=512)
    """`registry/repository@sha256:...`, of an index or of a manifest."""
    path: str = Field(
        pattern=rf"^/({_SEGMENT}/)*{_FILE}$", max_length=1024, json_schema_extra=rules(_NO_PARENT)
    )
    """The absolute path of the binary in the image, which need hold nothing else."""
    pull_secrets: tuple[ObjectName, ...] = Field(default=(), max_length=8)
    """Secrets of type kubernetes.io/dockerconfigjson, in wasmwright's own namespace; the node's own
    credentials count too."""
    architectures: tuple[Annotated[str, Field(pattern=r"^[a-z0-9]+$", max_length=32)], ...] = Field(
        default=(), max_length=16
    )
    """Those that the image is for, as in the node label `kubernetes.io/arch`; empty = any node
    tries."""


class HostProbe(ApiModel):
    """A command line that the binary must answer before the node counts as having it."""

    args: tuple[Annotated[str, Field(max_length=256)], ...] = Field(
        default=("--version",), max_length=8
    )
    """Arguments for the binary, which must end with exit code 0."""
    contains: str = Field(default="", max_length=256)
    """A piece of text that the output must hold; empty = any output."""


class HostPathSource(ApiModel):
    """A binary that nodes already have: only the configuration is ours."""

    path: str = Field(
        pattern=rf"^/({_SEGMENT}/)*{_FILE}$", max_length=1024, json_schema_extra=rules(_NO_PARENT)
    )
    """The absolute path on the node, for example /usr/bin/crun."""
    probe: HostProbe | None = None
    """How to find out that it is the right binary."""


class SourceSpec(ApiModel):
    """Where the binary comes from: exactly one of the fields."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            rule(
                "[has(self.http), has(self.oci), has(self.image), has(self.hostPath)]"
                ".filter(given, given).size() == 1",
                "exactly one of http, oci, image and hostPath must be given",
            )
        )
    )

    http: HttpSource | None = None
    """Downloads by http or https, with digests."""
    oci: OciSource | None = None
    """An artifact in a registry, by its digest."""
    image: ImageSource | None = None
    """A file in a container image, which the node's own container runtime pulls."""
    host_path: HostPathSource | None = None
    """A binary that nodes already have."""


Options = Annotated[
    dict[str, OptionValue],
    Field(max_length=32),
    WithJsonSchema(
        {
            "type": "object",
            "maxProperties": 32,
            "properties": {
                "BinaryName": {
                    "type": "string",
                    "description": "The runtime that "
                    "containerd's runc shim calls; for an OCIRuntime it is set by wasmwright.",
                }
            },
            "x-kubernetes-preserve-unknown-fields": True,
        }
    ),
]
"""A structural schema has no type for "boolean, number or string", so the operator checks it; the
one named property is there to be seen by a rule."""


class ConfigSpec(ApiModel):
    """What the handler's table in the container runtime's configuration holds beside its path."""

    options: Options = Field(default={})
    """The `options` table of the handler: booleans, whole numbers and strings."""
    pod_annotations: tuple[Annotated[str, Field(max_length=317)], ...] = Field(
        default=(), max_length=32
    )
    """Pod annotations (with * as wildcard) that are passed on to the runtime."""
    snapshotter: str = Field(default="", pattern=r"^[A-Za-z0-9._-]*$", max_length=128)
    """The snapshotter for images of these pods; empty = the node's default."""
    pods_survive_restart: bool | None = None
    """Whether running pods live through a restart of the container runtime.

    Absent: yes for OCIRuntime, no for ContainerdShim (measured for the runwasi library).
    """


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


class ConflictPolicy(StrEnum):
    """What to do with a RuntimeClass of this name that is not ours."""

    FAIL = "Fail"
    ADOPT = "Adopt"
    IGNORE = "Ignore"


Quantity = (
    int | Annotated[str, Field(pattern=r"^[0-9]+([.][0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei)?$")]
)


class Overhead(ApiModel):
    """What a pod of the class costs the node beside its containers."""

    pod_fixed: dict[str, Quantity] = Field(default={}, max_length=16)
    """Resources per pod, for example `memory: 32Mi`."""


class RuntimeClassSpec(ApiModel):
    """One RuntimeClass to create for the handler."""

    name: str = Field(pattern=r"^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$", max_length=63)
    """The name that pods write as `runtimeClassName`."""
    overhead: Overhead | None = None
    """What a pod of the class costs the node beside its containers."""
    node_selector: Labels = Field(default={}, json_schema_extra=rules(FOREIGN_KEYS))
    """Added to the selector on the ready label, which is always there."""
    tolerations: tuple[Toleration, ...] = Field(default=(), max_length=32)
    """Added to the tolerations of pods of the class."""
    conflict_policy: ConflictPolicy = ConflictPolicy.FAIL
    """What to do when a RuntimeClass of this name exists and is not ours.

    Fail: report it; Adopt: make it ours if its handler is the same, and give it back at the end;
    Ignore: leave it as it is and be content.
    """


class SmokeTestSpec(ApiModel):
    """A pod that must run wasm on a node before that counts as ready."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            rule(
                "has(self.image) && self.image != ''"
                " || (!has(self.command) || size(self.command) == 0)"
                " && (!has(self.expect) || self.expect == '')",
                "command and expect are about an image of yours; give image, or remove them",
            )
        )
    )

    image: str = Field(default="", max_length=1024, pattern=r"^\S*$")
    """What the pod runs; empty = a module of ours, which lies in the installer's image."""
    command: tuple[Annotated[str, Field(max_length=1024)], ...] = Field(default=(), max_length=64)
    """Its command; empty = as the image says."""
    expect: str = Field(default="", max_length=256)
    """What its termination message must hold, beside exit code 0; empty = nothing."""
    timeout_seconds: int = Field(default=60, ge=5, le=300)
    """How long it may take, with the pull of its image."""


class VerifySpec(ApiModel):
    """How it is found out that a node serves the runtime, and still serves it later."""

    smoke_test: SmokeTestSpec | None = None
    """After each run that installs or changes the runtime, or looks after it, a pod must run wasm
    on the node before its ready label turns true; absent = no pod."""
    interval: Span = "24h"
    """How often a run looks at nodes whose kubelet does not report its handlers; 0 = never."""


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


class NodeCounts(ApiModel):
    """How many nodes are in which state."""

    targeted: int = 0
    """Nodes that are to have the runtime."""
    ready: int = 0
    """Of these: nodes that serve it, if maybe in an older revision."""
    updated: int = 0
    """Of these: nodes that serve the present revision."""
    updating: int = 0
    """Nodes on which a run is under way."""
    failed: int = 0
    """Nodes whose last run failed."""
    blocked: int = 0
    """Nodes that wait for pods which a run would harm."""
    pending: int = 0
    """Nodes that wait for their turn."""
    removing: int = 0
    """Nodes that have it and are not to have it any longer."""
    unsupported: int = 0
    """Nodes that would have it if there were an artifact for them; not in `targeted`."""
    excluded: int = 0
    """Nodes that are selected and do not get it: see `excluded` for why; not in `targeted`."""
    unavailable: int = 0
    """Nodes that are to have it and are changing, not Ready or cordoned."""
    drifted: int = 0
    """Nodes that served it and no longer do."""
    orphaned: int = 0
    """Nodes that cannot be reached and would have to be cleaned; they are when they return."""


class NodeFailure(ApiModel):
    """One node that is not done, and why."""

    node: str
    """The node's name."""
    reason: str
    """One CamelCase word."""
    message: str = ""
    """What was found and what to do."""
    attempts: int = 0
    """Runs without success in a row."""
    next_retry: str = ""
    """When the next run is due, RFC 3339; empty = when something changes."""


class NodeExclusion(ApiModel):
    """One node that is selected and does not get the runtime."""

    node: str
    """The node's name."""
    reason: str
    """One CamelCase word."""
    message: str = ""
    """What was found and what to do."""


class FoundDigest(ApiModel):
    """The digest of a download for which the spec gives none."""

    url: str
    """The download."""
    sha256: str
    """Its digest, which is required of every node from now on."""
    node: str
    """The node that found it first."""


class WasmRuntimeStatus(ApiModel):
    """What has become of it, written by the operator."""

    observed_generation: int = 0
    """The `metadata.generation` that this status speaks of."""
    handler: str = ""
    """The name of the CRI handler in effect."""
    nodes: NodeCounts = NodeCounts()
    """How many nodes are in which state."""
    summary: str = ""
    """`1/2 ready`: for the table that kubectl prints."""
    failures: tuple[NodeFailure, ...] = Field(default=(), max_length=10)
    """Nodes that are not done and why, at most ten."""
    excluded: tuple[NodeExclusion, ...] = Field(default=(), max_length=10)
    """Nodes that are selected and do not get it, at most ten."""
    target_revision: str = ""
    """What the spec renders to: the name of a ControllerRevision."""
    stable_revision: str = ""
    """The revision that was last rolled out to every node; new nodes get it while another one is
    in canary or halted."""
    rollout: RolloutStatus = RolloutStatus()
    """How far the rollout of the target revision is."""
    digests: tuple[FoundDigest, ...] = Field(default=(), max_length=32)
    """Digests of downloads for which the spec gives none, as the first node found them."""
    conditions: Conditions = ()
    """Accepted, Progressing, Ready, Available, Degraded, Halted, RuntimeClassReady,
    DeletionBlocked, Unverified."""


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
