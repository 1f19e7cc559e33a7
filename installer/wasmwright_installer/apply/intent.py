"""What is known before the first write, and what a run did: the two records that steps hand on."""

from dataclasses import dataclass

from wasmwright_installer.apply.decide import Decision
from wasmwright_installer.apply.guard import Usage
from wasmwright_installer.apply.links import LinkPlan
from wasmwright_installer.apply.plan import Planned
from wasmwright_installer.apply.probe import Observed
from wasmwright_installer.contract import LeftBehind, RuntimeEntry
from wasmwright_installer.detect.handlers import Loaded


@dataclass(frozen=True, slots=True)
class Intent:
    """Everything that is known before the first write."""

    observed: Observed
    decision: Decision
    planned: Planned | None
    runtimes: tuple[RuntimeEntry, ...]
    """Those that are reached through our links."""
    links: LinkPlan
    usage: Usage
    effective: tuple[str, ...] = ()
    """What the daemon would understand otherwise than now."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did."""

    loaded: Loaded
    changed: bool
    restarted: bool
    unavailable_ms: int
    warnings: tuple[str, ...]
    orphans: int = 0
    """Containers of ours that run on without containerd knowing of them."""
    stored: tuple[str, ...] = ()
    """Artifacts in the store."""
    leftovers: tuple[LeftBehind, ...] = ()
    """What predecessors left that is still there."""
