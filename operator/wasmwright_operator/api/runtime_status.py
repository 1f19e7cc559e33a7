"""What the operator tells of a WasmRuntime: its `status`."""

from pydantic import Field

from wasmwright_operator.api.meta import ApiModel, Conditions
from wasmwright_operator.api.rollout import RolloutStatus


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
