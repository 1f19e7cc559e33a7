"""How fast and how carefully nodes change: what a person writes, and how far it is."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from wasmwright_operator.api.amounts import Amount, Span, amount_rule
from wasmwright_operator.api.disruption import DisruptionSpec
from wasmwright_operator.api.meta import ApiModel, LabelSelector

_TIME_OF_DAY = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


class Approval(StrEnum):
    """Who says that the canaries are good."""

    AUTO = "Auto"
    MANUAL = "Manual"


class CanarySpec(ApiModel):
    """Nodes that go first; the others follow when these have proved good."""

    count: int = Field(default=1, ge=1, le=1000)
    """How many, without a selector."""
    selector: LabelSelector | None = None
    """Which ones; absent = `count` nodes, chosen by us."""
    soak: Span = "5m"
    """How long all of them must have been good."""
    approval: Approval = Approval.AUTO
    """Manual: the others wait for the annotation `wasmwright.dev/promote: <revision>` on the
    WasmRuntime."""


class WindowSpec(ApiModel):
    """When changes of nodes that serve the runtime already may begin; what runs is finished."""

    days: tuple[Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], ...] = Field(
        default=(), max_length=7
    )
    """Days on which the window opens; empty = every day."""
    start: str = Field(pattern=_TIME_OF_DAY, max_length=5)
    """When it opens, as in 22:00."""
    end: str = Field(pattern=_TIME_OF_DAY, max_length=5)
    """When it closes; not after `start` = on the next day."""
    time_zone: str = Field(default="UTC", max_length=64)
    """A name of the IANA time zone database, for example Europe/Paris."""


class Ramp(StrEnum):
    """How the number of nodes that change at a time grows."""

    NONE = "None"
    DOUBLING = "Doubling"


class RolloutSpec(ApiModel):
    """How fast and how carefully nodes change."""

    paused: bool = False
    """Finish what runs and start nothing."""
    max_parallel: int = Field(default=10, ge=1, le=10000)
    """How many nodes may change this runtime at the same time."""
    max_unavailable: Annotated[
        Amount, Field(json_schema_extra=amount_rule("maxUnavailable", 1))
    ] = "10%"
    """How many of the nodes that are to have it may be down at the same time, for any reason: a
    number, or a percentage that is rounded down and is at least one. A node counts while it is
    changed, not Ready, or cordoned by anybody."""
    canary: CanarySpec | None = None
    """Nodes that get a new revision first; absent = none."""
    max_failures: Annotated[Amount, Field(json_schema_extra=amount_rule("maxFailures", 0))] = 1
    """How many nodes may fail a revision; one more halts its rollout."""
    min_ready_seconds: int = Field(default=0, ge=0, le=86400)
    """How long a node must have been ready before the next one takes its place."""
    progress_deadline_seconds: int = Field(default=900, ge=0, le=604800)
    """A rollout that brings no node forward for so long is halted; 0 = never."""
    ramp: Ramp = Ramp.NONE
    """Doubling: no more nodes at a time than already have the revision, beginning with one."""
    window: WindowSpec | None = None
    """When changes may begin; absent = at any time. New nodes do not wait for it."""
    auto_rollback: bool = False
    """Give the canaries the stable revision back when the rollout is halted by them."""
    max_attempts: int = Field(default=10, ge=0, le=1000)
    """Runs without success after which a node is left alone until something changes or its
    annotation `wasmwright.dev/retry` does; 0 = no limit."""
    blocking_pods: tuple[LabelSelector, ...] = Field(default=(), max_length=8)
    """A node waits as long as such a pod runs on it."""
    disruption: DisruptionSpec = DisruptionSpec()
    """What a change may cost the pods that run on a node."""


class RolloutPhase(StrEnum):
    """Where a rollout stands."""

    CANARY = "Canary"
    SOAKING = "Soaking"
    AWAITING_APPROVAL = "AwaitingApproval"
    ROLLING = "Rolling"
    WAITING_FOR_WINDOW = "WaitingForWindow"
    PAUSED = "Paused"
    HALTED = "Halted"
    COMPLETE = "Complete"


class RolloutStatus(ApiModel):
    """How far the rollout of `targetRevision` is; all that must be remembered between plans."""

    revision: str = ""
    """The revision that this speaks of."""
    phase: RolloutPhase = RolloutPhase.COMPLETE
    """Where it stands."""
    started_at: str = ""
    """When the revision became the target, RFC 3339."""
    progressed_at: str = ""
    """When a node last reached it, or the rollout last began to move."""
    updated: int = 0
    """How many nodes had reached it then."""
    canary_ready_since: str = ""
    """Since when all canaries have been good; empty = they are not."""
    canary_passed: bool = False
    """Whether the others may follow; stays true for this revision."""
    halted_reason: str = ""
    """MaxFailures, CanaryFailed or ProgressDeadlineExceeded; empty = not halted."""
    halted_message: str = ""
    """What was found and what to do."""
    halted_at: str = ""
    """When it was halted."""
    resumed_at: str = ""
    """When it was resumed by hand: earlier failures no longer count."""
    resume_token: str = ""
    """The value of the annotation `wasmwright.dev/resume` that has been obeyed."""
