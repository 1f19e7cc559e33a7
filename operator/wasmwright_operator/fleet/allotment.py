"""What each node may be given now, of what it is to have in the end."""

from collections.abc import Mapping
from dataclasses import dataclass

from wasmwright_installer.contract import RuntimeEntry
from wasmwright_operator.fleet.rendering import Renderer
from wasmwright_operator.fleet.rollout.gate import Gate
from wasmwright_operator.fleet.snapshot import FleetPolicy
from wasmwright_operator.fleet.targets import Target

Entries = tuple[RuntimeEntry, ...]


@dataclass(frozen=True, slots=True)
class Allotted:
    """What a node may be given now."""

    entries: Entries
    differences: frozenset[str]
    """The runtimes of which it was given something else last."""


class Allotment:
    """Asks the gates of all runtimes."""

    def __init__(self, gates: Mapping[str, Gate], renderer: Renderer, policy: FleetPolicy) -> None:
        self._gates = gates
        self._renderer = renderer
        self._is_held = policy.paused
        self._fresh = frozenset(name for name, gate in gates.items() if not gate.is_recorded)

    @property
    def canaries(self) -> frozenset[str]:
        """The nodes that may be given what other nodes like them may not have yet."""
        return frozenset[str]().union(*(gate.canaries for gate in self._gates.values()))

    def is_open(self, target: Target) -> bool:
        """Tell whether a rollout is to be written down first, so that nothing is to be said yet."""
        return not self._fresh.isdisjoint(target.wanted)

    def of(self, target: Target) -> Allotted:
        """Return what a node may be given now."""
        given = target.wasm_node.spec.runtimes if target.wasm_node is not None else ()
        if self._is_held:
            return Allotted(given, frozenset())
        present = {entry.name: entry for entry in given}
        names = sorted(target.wanted | present.keys())
        entries = (self._entry(target, name, present.get(name)) for name in names)
        allotted = tuple(entry for entry in entries if entry is not None)
        return Allotted(allotted, self._differences(present, allotted))

    def _entry(
        self, target: Target, name: str, present: RuntimeEntry | None
    ) -> RuntimeEntry | None:
        gate = self._gates.get(name)
        if name in target.wanted and gate is not None:
            return gate.entry(target, present)
        is_kept = name in target.excluded or (gate is not None and gate.is_held)
        return present if is_kept else None

    def _differences(
        self, present: Mapping[str, RuntimeEntry], allotted: Entries
    ) -> frozenset[str]:
        before = {name: self._renderer.digest(entry) for name, entry in present.items()}
        after = {entry.name: self._renderer.digest(entry) for entry in allotted}
        names = before.keys() | after.keys()
        return frozenset(name for name in names if before.get(name) != after.get(name))
