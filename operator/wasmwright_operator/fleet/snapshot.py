"""All that a fleet plan looks at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from wasmwright_installer.contract import PredecessorName
from wasmwright_operator.fleet.source_policy import SourcePolicy
from wasmwright_operator.records import (
    LedgerRecord,
    NodeRecord,
    RevisionRecord,
    RuntimeClassRecord,
    RuntimeRecord,
    WasmNodeRecord,
)


class DeclareAhead(StrEnum):
    """Which handlers a node's configuration names before their binaries are there."""

    KNOWN = "Known"
    NONE = "None"


@dataclass(frozen=True, slots=True)
class FleetPolicy:
    """What the cluster's owner decided for all nodes."""

    kwasm_runtimes: tuple[str, ...] = ()
    """What a node gets that asks by KWasm's key."""
    take_over: tuple[PredecessorName, ...] = ()
    """Whose leftovers runs may make ours on nodes that say nothing of it."""
    declare_ahead: DeclareAhead = DeclareAhead.KNOWN
    keep_versions: int = 0
    """How many older binaries of each runtime stay on a node."""
    max_parallel: int = 0
    """How many nodes of the cluster may change at the same time; 0 = only the runtimes say."""
    paused: bool = False
    """Whether nothing new may start on any node."""
    sources: SourcePolicy = field(default_factory=SourcePolicy)
    """What WasmRuntimes may install."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The cluster at one moment, by names."""

    nodes: Mapping[str, NodeRecord] = field(default_factory=dict)
    runtimes: Mapping[str, RuntimeRecord] = field(default_factory=dict)
    wasm_nodes: Mapping[str, WasmNodeRecord] = field(default_factory=dict)
    runtime_classes: Mapping[str, RuntimeClassRecord] = field(default_factory=dict)
    revisions: Mapping[str, RevisionRecord] = field(default_factory=dict)
    ledger: LedgerRecord = field(default_factory=LedgerRecord)
    ended: Mapping[str, int] = field(default_factory=dict)
    """By the UID of a node: the ledger version of a WasmNode of it that was seen to be deleted."""
    policy: FleetPolicy = FleetPolicy()

    @property
    def shims(self) -> frozenset[str]:
        """Names that may be those of Shims of runtime-class-manager."""
        classes = self.runtime_classes.values()
        owners = {item.shim.name for item in classes if item.shim is not None}
        return frozenset(owners | {item.handler for item in classes})

    @property
    def startup_taints(self) -> frozenset[tuple[str, str]]:
        """Taints that are lifted from nodes that serve their runtimes, by key and effect."""
        specs = (runtime.spec for runtime in self.runtimes.values())
        return frozenset(
            (taint.key, taint.effect)
            for spec in specs
            if spec is not None
            for taint in spec.placement.startup_taints
        )
