"""What each node may be given now, of what it is to have in the end."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from wasmwright_installer.contract import RuntimeEntry
from wasmwright_operator.fleet.rollout.gate import Gate
from wasmwright_operator.fleet.snapshot import FleetPolicy
from wasmwright_operator.fleet.targets import Target

Entries = tuple[RuntimeEntry, ...]


def allot(
    targets: Iterable[Target], gates: Mapping[str, Gate], policy: FleetPolicy
) -> tuple[Target, ...]:
    """Return the targets with their entries."""
    allotment = Allotment(gates, policy)
    return tuple(
        replace(
            it,
            entries=allotment.entries(it),
            is_undecided=not allotment.fresh.isdisjoint(it.wanted),
        )
        if it.wanted or it.wasm_node is not None
        else it
        for it in targets
    )


class Allotment:
    """Asks the gates once for all nodes that have, and are to have, the same."""

    def __init__(self, gates: Mapping[str, Gate], policy: FleetPolicy) -> None:
        self._gates = gates
        self._is_held = policy.paused
        self._are_alike = all(gate.is_window_open for gate in gates.values())
        self._canaries = frozenset[str]().union(*(gate.canaries for gate in gates.values()))
        self._known: dict[tuple[object, ...], Entries] = {}
        self.fresh = frozenset(name for name, gate in gates.items() if not gate.is_recorded)
        """Runtimes whose rollouts are to be written down first."""

    def entries(self, target: Target) -> Entries:
        """Return what a node may be given now."""
        given = target.wasm_node.spec.runtimes if target.wasm_node is not None else ()
        if self._is_held:
            return given
        if not self._are_alike or target.excluded or target.node.name in self._canaries:
            return self._entries(target, given)
        key = (target.node.arch, target.wanted, *map(id, given))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._entries(target, given)
        return found

    def _entries(self, target: Target, given: Entries) -> Entries:
        present = {entry.name: entry for entry in given}
        names = sorted(target.wanted | present.keys())
        entries = (self._entry(target, name, present.get(name)) for name in names)
        return tuple(entry for entry in entries if entry is not None)

    def _entry(
        self, target: Target, name: str, present: RuntimeEntry | None
    ) -> RuntimeEntry | None:
        gate = self._gates.get(name)
        if name in target.wanted and gate is not None:
            return gate.entry(target, present)
        is_kept = name in target.excluded or (gate is not None and gate.is_held)
        return present if is_kept else None
