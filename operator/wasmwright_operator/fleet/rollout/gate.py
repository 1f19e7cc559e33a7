"""Which revision of a runtime one node may have now."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wasmwright_installer.contract import RuntimeEntry
from wasmwright_operator.fleet.rendering import Renderer
from wasmwright_operator.fleet.rollout.canary import entry_for
from wasmwright_operator.fleet.targets import Target
from wasmwright_operator.records import RuntimeRecord


@dataclass(frozen=True, slots=True)
class Gate:
    """The same answer for every node in the same position; by default everything stays."""

    runtime: RuntimeRecord
    renderer: Renderer
    is_held: bool = True
    """Nodes keep what they have, and nothing is taken away."""
    is_recorded: bool = True
    """Whether it is written down which revision is the target; nothing begins before that."""
    is_open: bool = False
    """Every node may have the target revision."""
    canaries: frozenset[str] = frozenset()
    """Nodes that may have it before the others."""
    is_window_open: bool = True
    """Whether nodes that serve another revision may change."""
    stable: Mapping[str, RuntimeEntry] = field(default_factory=dict)
    """What newcomers get that may not have the target revision, by architecture."""
    gives_back: bool = False
    """Nodes that have the target revision get the stable one again."""

    def entry(self, target: Target, present: RuntimeEntry | None) -> RuntimeEntry | None:
        """Return what a node that is to have the runtime may have of it now."""
        wanted = self.renderer.entry(self.runtime, target.node.arch)
        if self.is_held or wanted is None:
            return present
        if present is not None and self._is_same(present, wanted):
            return (self._stable(target) or wanted) if self.gives_back else wanted
        if self.is_open or target.node.name in self.canaries:
            return wanted if self.is_window_open or not self._serves(target) else present
        return present if present is not None else self._stable(target)

    def _is_same(self, one: RuntimeEntry, other: RuntimeEntry) -> bool:
        return self.renderer.digest(one) == self.renderer.digest(other)

    def _stable(self, target: Target) -> RuntimeEntry | None:
        return entry_for(self.stable, target.node.arch)

    def _serves(self, target: Target) -> bool:
        return target.wasm_node is not None and self.runtime.name in target.wasm_node.ready_names
