"""Which nodes get a new revision first."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wasmwright_installer.contract import RuntimeEntry
from wasmwright_operator.api.rollout import CanarySpec
from wasmwright_operator.fleet.rendering import Renderer
from wasmwright_operator.fleet.targets import Target
from wasmwright_operator.records import RuntimeRecord
from wasmwright_operator.selectors import selects


@dataclass(frozen=True, slots=True)
class Choice:
    """Chooses the canaries of one rollout, and the same ones in each plan."""

    runtime: RuntimeRecord
    revision: str
    stable: Mapping[str, RuntimeEntry]
    """The entries of the stable revision, by architecture; empty = there is none."""
    renderer: Renderer

    def canaries(self, spec: CanarySpec, targets: Iterable[Target]) -> frozenset[str]:
        """Return the names of the nodes that go first."""
        wanting = [it for it in targets if self.runtime.name in it.wanted]
        if spec.selector is not None:
            chosen = [it for it in wanting if selects(spec.selector, it.node.labels)]
        else:
            chosen = sorted(wanting, key=self._turn)[: spec.count]
        return frozenset(it.node.name for it in chosen)

    def _turn(self, target: Target) -> tuple[bool, bool, bool, str]:
        """Order nodes so that a choice stays: whoever has the revision already is chosen again.

        A node for which nothing changes would prove nothing, and one that is down would take long.
        """
        is_usable = target.node.is_ready and not target.node.is_paused
        text = f"{target.node.uid}{self.revision}"
        order = hashlib.sha256(text.encode()).hexdigest()
        return not self._changes(target), not self._has_it(target), not is_usable, order

    def _changes(self, target: Target) -> bool:
        old, new = entry_for(self.stable, target.node.arch), self._entry(target)
        return old is None or new is None or self._digest(old) != self._digest(new)

    def _has_it(self, target: Target) -> bool:
        if target.wasm_node is None:
            return False
        new = self._entry(target)
        present = self.renderer.digests(target.wasm_node).get(self.runtime.name)
        return new is not None and present == self._digest(new)

    def _entry(self, target: Target) -> RuntimeEntry | None:
        return self.renderer.entry(self.runtime, target.node.arch)

    def _digest(self, entry: RuntimeEntry) -> str:
        return self.renderer.digest(entry)


def entry_for(entries: Mapping[str, RuntimeEntry], arch: str) -> RuntimeEntry | None:
    """Return the entry of a revision for an architecture; "" stands for every other one."""
    return entries.get(arch) or entries.get("")
