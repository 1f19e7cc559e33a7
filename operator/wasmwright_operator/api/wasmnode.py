"""`WasmNode`: what one node is to have now, and what it has."""

from enum import StrEnum
from typing import Any, Final

from pydantic import Field

from wasmwright_installer.contract import (
    ADOPTABLE,
    HandlerEntry,
    PredecessorName,
    RuntimeEntry,
    RuntimeState,
    WasmPods,
)
from wasmwright_operator.api.disruption import NodeDisruption
from wasmwright_operator.api.meta import ApiModel, Conditions


class Refusal(ApiModel):
    """A runtime that the node asks for and does not get."""

    name: str
    """The name as the node wrote it."""
    reason: str
    """UnknownRuntime, NotRequestable, UnsupportedArchitecture, TaintNotTolerated, ..."""
    message: str
    """What was found and what to do."""


class SmokeTest(ApiModel):
    """A pod that must run wasm on the node before a run counts as a success."""

    runtime: str
    """The WasmRuntime that it is about."""
    image: str = ""
    """What it runs; empty = the module of ours in the installer's image."""
    command: tuple[str, ...] = ()
    """Its command; empty = as the image says."""
    expect: str = ""
    """What its termination message must hold; empty = nothing."""
    timeout_seconds: int = 60
    """How long it may take."""


class Cause(StrEnum):
    """Why a run was admitted."""

    NONE = ""
    INSTALL = "Install"
    UPDATE = "Update"
    REMOVE = "Remove"
    RETRY = "Retry"
    REINSTALL = "Reinstall"
    REBOOTED = "Rebooted"
    RUNTIME_CHANGED = "ContainerRuntimeChanged"
    DRIFTED = "Drifted"
    VERIFY = "Verify"
    TAKE_OVER = "TakeOver"


class WasmNodeSpec(ApiModel):
    """What the node is to have now; written by the operator, one write per admitted run."""

    node_uid: str
    """The node's UID: a node that comes back under the same name is another node."""
    hash: str = ""
    """The identity of what the node is to have."""
    attempt: int = 0
    """Grows by one with each run; 0 = nothing was ever to be done."""
    runtimes: tuple[RuntimeEntry, ...] = ()
    """The runtimes, fully rendered for this node."""
    declared: tuple[HandlerEntry, ...] = ()
    """Handlers to write ahead of their binaries when the configuration must change anyway."""
    wasm_pods: WasmPods = WasmPods.WAIT
    """What happens when a restart of the container runtime would orphan running wasm pods."""
    changes: tuple[str, ...] = ()
    """The runtimes that this run adds, changes or removes: it holds one slot of each."""
    refused: tuple[Refusal, ...] = ()
    """What the node asks for and does not get."""
    reinstall_token: str = ""
    """The value of `wasmwright.dev/reinstall` that has been obeyed."""
    retry_token: str = ""
    """The value of `wasmwright.dev/retry` that has been obeyed."""
    keep_versions: int = 0
    """How many older binaries of each runtime stay on the node."""
    ledger_version: int = 0
    """The version of the ledger of slots by which the run was admitted."""
    cause: Cause = Cause.NONE
    """Why the run was admitted."""
    max_attempts: int = 0
    """Failures in a row after which the node is left alone; 0 = no limit."""
    min_ready_seconds: int = 0
    """How long after a success the run still holds its slots."""
    disruption: NodeDisruption = NodeDisruption()
    """What the run may do to the node's pods."""
    removal: WasmPods = WasmPods.WAIT
    """What happens to pods that use a runtime which is to go."""
    smoke_tests: tuple[SmokeTest, ...] = ()
    """The pods that must run wasm before this run counts as a success."""
    take_over: tuple[PredecessorName, ...] = Field(default=(), max_length=8)
    """Earlier installers whose handlers and files on the node the run makes ours."""
    predecessor_labels: tuple[str, ...] = Field(default=(), max_length=64)
    """Keys of labels by which earlier installers say that they provisioned the node."""


class NodeState(StrEnum):
    """The one word that people look for in `kubectl get wn`."""

    PENDING = "Pending"
    DRAINING = "Draining"
    APPLYING = "Applying"
    READY = "Ready"
    FAILED = "Failed"
    BLOCKED = "Blocked"
    UNSUPPORTED = "Unsupported"
    ORPHANED = "Orphaned"
    ADOPTABLE = ADOPTABLE


class InstalledRuntime(ApiModel):
    """A runtime as the last run left it."""

    name: str
    """The WasmRuntime."""
    handler: str
    """Its CRI handler."""
    version: str = ""
    """Its version, for people."""
    digest: str = ""
    """The digest of the binary."""
    state: RuntimeState
    """ready: a run without error proved that the node serves it."""
    message: str = ""
    """Why it is not ready."""


class Leftover(ApiModel):
    """What is there of an earlier installer."""

    predecessor: PredecessorName
    """kwasm, or rcm: runtime-class-manager."""
    handlers: tuple[str, ...] = Field(default=(), max_length=64)
    """Its handlers in the container runtime's files; none once they were taken over."""
    in_use: tuple[str, ...] = Field(default=(), max_length=64)
    """Of one that was taken over: who still needs its files."""


DRIFTED: Final = "Drifted"
"""Reason of an error that no run ended with: the node lost what it had."""


class RunError(ApiModel):
    """Why the last run did not reach its goal, or what the node has lost since."""

    reason: str
    """One CamelCase word."""
    message: str
    """What was found and what to do."""
    exit_code: int | None = None
    """How the installer ended, if it did."""
    time: str = ""
    """When, RFC 3339."""


class WasmNodeStatus(ApiModel):
    """What the node has, read from the results of runs."""

    state: NodeState = NodeState.PENDING
    """Pending, Draining, Applying, Ready, Failed, Blocked, Unsupported, Orphaned or Adoptable."""
    installed_hash: str = ""
    """The hash of the last run that succeeded."""
    concluded_hash: str = ""
    """With `concludedAttempt`: the run that ended last. The node is in flight while these differ
    from the spec, which is how slots are counted."""
    concluded_attempt: int = 0
    """See `concludedHash`."""
    concluded_at: str = ""
    """When that run ended, RFC 3339."""
    failures: int = 0
    """Runs without success in a row for this hash; the backoff grows with it."""
    failing_since: str = ""
    """When the first of the failures in a row ended, whatever their goals; empty after a success.
    Runs that wait for pods, and up to two in a row that were cut off, are no failures."""
    drifts: int = 0
    """How often the node was found to have lost what it had."""
    runtimes: tuple[InstalledRuntime, ...] = ()
    """The runtimes as the last run left them."""
    summary: str = ""
    """`spin ready, wasmtime failed`: for the table that kubectl prints."""
    last_error: RunError | None = None
    """Why the last run did not reach its goal; absent after a success."""
    next_retry: str = ""
    """When the next run is due, RFC 3339; empty = when something changes."""
    draining_since: str = ""
    """Since when pods have been sent away for the run that is under way, RFC 3339."""
    blocking_pods: tuple[str, ...] = Field(default=(), max_length=64)
    """`namespace/name` of pods that stand in the way of a run."""
    handlers: tuple[str, ...] = Field(default=(), max_length=64)
    """What the container runtime serves, ours and others', by name."""
    warnings: tuple[str, ...] = Field(default=(), max_length=16)
    """What the last run found worth telling."""
    stored: tuple[str, ...] = Field(default=(), max_length=64)
    """Binaries in the node's store, by key: a run that needs them downloads nothing."""
    leftovers: tuple[Leftover, ...] = Field(default=(), max_length=8)
    """What the last run that the installer brought to its end left of earlier installers."""
    machine_id: str = ""
    """The host's /etc/machine-id."""
    boot_id: str = ""
    """The boot in which the last run happened."""
    container_runtime: str = ""
    """Name and version of the container runtime."""
    kubelet_runtime: str = ""
    """What the kubelet said of it when the last run ended."""
    distribution: str = ""
    """The host's distribution."""
    config_file: str = ""
    """The configuration file that the container runtime reads."""
    plugin_table: str = ""
    """The table in it that holds the handlers."""
    conditions: Conditions = ()
    """Ready; Accepted for what the node asks for; Adoptable where earlier installers were."""


COLUMNS: Final[tuple[dict[str, Any], ...]] = (
    {"name": "State", "type": "string", "jsonPath": ".status.state"},
    {"name": "Runtimes", "type": "string", "jsonPath": ".status.summary"},
    {
        "name": "Reason",
        "type": "string",
        "jsonPath": '.status.conditions[?(@.type=="Ready")].reason',
    },
    {"name": "Container-Runtime", "type": "string", "jsonPath": ".status.containerRuntime"},
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    {"name": "Attempt", "type": "integer", "jsonPath": ".spec.attempt", "priority": 1},
    {"name": "Next-Retry", "type": "string", "jsonPath": ".status.nextRetry", "priority": 1},
    {"name": "Distribution", "type": "string", "jsonPath": ".status.distribution", "priority": 1},
    {
        "name": "Message",
        "type": "string",
        "jsonPath": '.status.conditions[?(@.type=="Ready")].message',
        "priority": 1,
    },
)
