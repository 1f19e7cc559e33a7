"""What came of a run of `apply`."""

from enum import IntEnum, StrEnum
from typing import Literal

from wasmwright_installer.contract.document import PredecessorName
from wasmwright_installer.contract.model import Model

TERMINATION_LOG = "/dev/termination-log"
TERMINATION_LOG_LIMIT = 4096
"""Bytes of a termination message that the kubelet keeps (4096 per container)."""


class ExitCode(IntEnum):
    """How a run ended; the Job's `podFailurePolicy` and the operator's retries are driven by it."""

    DONE = 0
    UNSUPPORTED = 10
    CONFLICT = 11
    BAD_DOCUMENT = 12
    WRONG_NODE = 13
    ARTIFACT = 20
    REFUSED = 30
    ROLLED_BACK = 31
    ROLLBACK_FAILED = 32
    IN_USE = 40
    LOCKED = 50
    BUG = 70


ADOPTABLE = "Adoptable"
"""Reason of a conflict with a handler of a predecessor: permission to take it over is missing."""


class RuntimeState(StrEnum):
    """What a run left of one runtime."""

    READY = "ready"
    FAILED = "failed"
    REMOVED = "removed"


class LeftBehind(Model):
    """What is still there of a predecessor after a run, in few words."""

    predecessor: PredecessorName
    handlers: tuple[str, ...] = ()
    """Its handlers in the daemon's files; none once they were taken over."""
    in_use: tuple[str, ...] = ()
    """Of one that was taken over: who still needs its files."""


class RuntimeResult(Model):
    """One runtime after a run."""

    name: str
    handler: str
    version: str = ""
    digest: str = ""
    state: RuntimeState
    message: str = ""


class ApplyResult(Model):
    """The one JSON object that `apply` prints, also to the termination log."""

    schema_version: Literal[1] = 1
    exit_code: ExitCode
    reason: str
    """One CamelCase word, for conditions."""
    message: str
    """One sentence for people: what was found on which object and what to do."""
    hash: str = ""
    changed: bool = False
    restarted: bool = False
    unavailable_ms: int = 0
    """How long the container runtime did not answer, in milliseconds."""
    orphans: int = 0
    """Containers of wasm runtimes that run on after the restart without containerd knowing them."""
    runtimes: tuple[RuntimeResult, ...] = ()
    handlers: tuple[str, ...] = ()
    """What the running daemon serves, ours and others', by name."""
    blocking_pods: tuple[str, ...] = ()
    """`namespace/name` of pods that keep the run from going on."""
    warnings: tuple[str, ...] = ()
    stored: tuple[str, ...] = ()
    """Binaries that are in the node's store, by key."""
    leftovers: tuple[LeftBehind, ...] = ()
    """What predecessors left that is still there; empty also if the run did not get so far."""
    machine_id: str = ""
    boot_id: str = ""
    container_runtime: str = ""
    distribution: str = ""
    config_file: str = ""
    plugin_table: str = ""
