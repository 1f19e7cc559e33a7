"""How many nodes may change now, and by which limit no more of them.

Room only shrinks while runs are admitted, so nodes of the same shape are judged once.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wasmwright_operator.api.amounts import amount_of
from wasmwright_operator.api.rollout import Ramp, RolloutSpec
from wasmwright_operator.fleet.eligibility import NOT_READY
from wasmwright_operator.fleet.roster import Roster
from wasmwright_operator.fleet.shortage import Limit, Shortage
from wasmwright_operator.fleet.slots import LARGEST, Slots
from wasmwright_operator.fleet.snapshot import Snapshot
from wasmwright_operator.fleet.survey import Survey
from wasmwright_operator.fleet.targets import Target
from wasmwright_operator.records import RuntimeRecord

_ORPHAN_SLOTS: Final = 10
"""Parallel removals of a runtime whose WasmRuntime is gone, so that nobody can say otherwise."""


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """What the change of one node takes, or of each node of a group that are alike."""

    slots: frozenset[str]
    """Runtimes of which it needs a slot that it does not hold yet."""
    installs: frozenset[str]
    """Of these: the ones that it is to have, so that their ramp counts."""
    serves: frozenset[str]
    """Runtimes that would miss it, and whose limit does not know of that yet."""
    margin: int
    """1, or 0 for a node that is counted as unavailable already."""
    is_further: bool
    """Whether one more node of the cluster changes."""


class Budget:
    """What is left of all limits."""

    def __init__(self, snapshot: Snapshot, slots: Slots, surveys: Mapping[str, Survey]) -> None:
        self._held = slots.held
        given = snapshot.policy.max_parallel or LARGEST
        self._nodes = min(given, LARGEST) - len(slots.held)
        used = Counter(name for names in slots.held.values() for name in names)
        self._free: dict[str, int] = defaultdict(lambda: _ORPHAN_SLOTS)
        self._free.update({name: _ORPHAN_SLOTS - count for name, count in used.items()})
        self._changing: dict[str, set[str]] = defaultdict(set)
        for node, names in slots.held.items():
            for name in names:
                self._changing[name].add(node)
        self._ramp: dict[str, int] = {}
        self._spare: dict[str, int] = {}
        for runtime in snapshot.runtimes.values():
            self._add(runtime, used[runtime.name], surveys[runtime.name])

    def _add(self, runtime: RuntimeRecord, used: int, found: Survey) -> None:
        name, rollout = runtime.name, _rollout(runtime)
        self._free[name] = _slots(runtime) - used
        if rollout.ramp is Ramp.DOUBLING:
            self._ramp[name] = max(1, len(found.updated)) - used
        allowed = amount_of(rollout.max_unavailable, found.targeted + len(found.absent))
        missed = self._changing[name].union(found.unavailable, found.absent)
        self._spare[name] = allowed - len(missed)

    def load(self, target: Target, changes: frozenset[str]) -> Load:
        """Return what a change would take beyond what the node takes already."""
        held = self._held.get(target.node.name)
        slots = changes - held if held else changes
        serves = target.wanted - held if held else target.wanted
        return Load(
            slots=slots,
            installs=slots & target.wanted,
            serves=frozenset() if target.node.is_unschedulable else serves,
            margin=int(held is None),
            is_further=held is None,
        )

    def shortage(self, load: Load) -> Shortage | None:
        """Return the first limit that leaves no room for a change."""
        if load.is_further and self._nodes <= 0:
            return Shortage(Limit.GLOBAL)
        for name in sorted(load.slots):
            if self._free[name] <= 0:
                return Shortage(Limit.PARALLEL, name)
        for name in sorted(load.installs):
            if self._ramp.get(name, 1) <= 0:
                return Shortage(Limit.RAMP, name)
        for name in sorted(load.serves):
            if self._spare[name] < load.margin:
                return Shortage(Limit.UNAVAILABLE, name)
        return None

    def take(self, load: Load) -> None:
        """Count a change that begins."""
        self._nodes -= load.is_further
        for name in load.slots:
            self._free[name] -= 1
        for name in load.slots & self._ramp.keys():
            self._ramp[name] -= 1
        for name in load.serves:
            self._spare[name] -= load.margin


def count_unavailable(roster: Roster, slots: Slots, surveys: Mapping[str, Survey]) -> None:
    """Add to each survey the nodes on which pods cannot count now, for whatever reason."""
    for target in roster.apart(slots.held):
        node = target.node
        if not node.is_ready or node.is_unschedulable or node.name in slots.held:
            for name in target.wanted:
                surveys[name].unavailable.append(node.name)
            for name, problem in target.excluded.items():
                if problem.reason == NOT_READY:
                    surveys[name].absent.append(node.name)


def _rollout(runtime: RuntimeRecord) -> RolloutSpec:
    return runtime.spec.rollout if runtime.spec else _DEFAULT


_DEFAULT: Final = RolloutSpec()


def _slots(runtime: RuntimeRecord) -> int:
    """A runtime that could vanish without our clean-up is given to no node."""
    if not (runtime.has_finalizer or runtime.deleting):
        return 0
    return runtime.spec.rollout.max_parallel if runtime.spec else _ORPHAN_SLOTS
