"""What each node may be given now, of what it is to have in the end."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from wasmwright_installer.contract import RuntimeEntry
from wasmwright_operator.fleet.rollout.gate import Gate
from wasmwright_operator.fleet.snapshot import FleetPolicy
from wasmwright_operator.fleet.targets import Target


def allot(
    targets: Iterable[Target], gates: Mapping[str, Gate], policy: FleetPolicy
) -> tuple[Target, ...]:
    """Return the targets with their entries."""
    fresh = frozenset(name for name, gate in gates.items() if not gate.is_recorded)
    return tuple(
        replace(
            it,
            entries=_entries(it, gates, is_held=policy.paused),
            is_undecided=not fresh.isdisjoint(it.wanted),
        )
        if it.wanted or it.wasm_node is not None
        else it
        for it in targets
    )


def _entries(
    target: Target, gates: Mapping[str, Gate], *, is_held: bool
) -> tuple[RuntimeEntry, ...]:
    given = target.wasm_node.spec.runtimes if target.wasm_node is not None else ()
    if is_held:
        return given
    present = {entry.name: entry for entry in given}
    entries = (
        _entry(target, name, present, gates) for name in sorted(target.wanted | present.keys())
    )
    return tuple(entry for entry in entries if entry is not None)


def _entry(
    target: Target, name: str, present: Mapping[str, RuntimeEntry], gates: Mapping[str, Gate]
) -> RuntimeEntry | None:
    gate, had = gates.get(name), present.get(name)
    if name in target.wanted and gate is not None:
        return gate.entry(target, had)
    is_kept = name in target.excluded or (gate is not None and gate.is_held)
    return had if is_kept else None
