"""Which runs are due, and which of them begin now: as many as the budgets allow, in their turn."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from wasmwright_operator import names
from wasmwright_operator.conditions import parse_time
from wasmwright_operator.fleet.acceptance import Acceptance
from wasmwright_operator.fleet.allotment import Allotment, Allotted
from wasmwright_operator.fleet.budget import Budget, Load
from wasmwright_operator.fleet.causes import cause_of
from wasmwright_operator.fleet.notes import WasmNodeWrite, needs_note, note
from wasmwright_operator.fleet.order import turns
from wasmwright_operator.fleet.rendering import Renderer
from wasmwright_operator.fleet.requests import is_new_token
from wasmwright_operator.fleet.reruns import Rerun, Reruns
from wasmwright_operator.fleet.roster import Roster
from wasmwright_operator.fleet.runs import Run, Runs
from wasmwright_operator.fleet.shortage import Limit, Shortage
from wasmwright_operator.fleet.slots import Slots, next_version
from wasmwright_operator.fleet.snapshot import Snapshot
from wasmwright_operator.fleet.targets import Target
from wasmwright_operator.records import RuntimeRecord, Slot, WasmNodeRecord

Due = tuple[Run, Sequence[Target]]
"""A run on the first of some nodes, which is due on all of them."""

Waiting = Mapping[str, Mapping[Shortage, int]]
"""By runtime: how many of its nodes wait, and for what."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What begins now."""

    begun: tuple[WasmNodeWrite, ...] = ()
    admitted: Mapping[str, Slot] = field(default_factory=dict)
    """The slots that must be reserved before that, by the node's name."""
    notes: tuple[WasmNodeWrite, ...] = ()
    """Writes that begin no run."""
    waiting: Waiting = field(default_factory=dict)
    """Of the runtimes of which nothing begins."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Decides which runs start now."""

    snapshot: Snapshot
    acceptances: Mapping[str, Acceptance]
    renderer: Renderer
    allotment: Allotment
    reruns: Reruns
    now: datetime

    def decide(self, roster: Roster, slots: Slots, budget: Budget) -> Decision:
        """Return the runs that begin and the reasons why others do not."""
        due: list[Due] = []
        notes = []
        paused = frozenset(it.name for it in self.snapshot.runtimes.values() if _is_paused(it))
        for group in roster.groups({*slots.held, *self.allotment.canaries}):
            target = group[0]
            if target.predecessor is not None:
                continue
            run = self._due(target, budget)
            if run is not None and not run.changes <= paused:
                due.append((run, group))
            elif needs_note(target) and not self.allotment.is_open(target):
                notes.append(note(target))
        runs = Runs(self.snapshot, self.acceptances, self.renderer, next_version(self.snapshot))
        admitted, waiting = self._admit(due, slots, budget)
        begun = tuple(map(runs.begin, admitted))
        return Decision(
            begun=begun,
            admitted={item.name: runs.slot(item, self.now) for item in begun},
            notes=tuple(notes),
            waiting=waiting,
        )

    def _admit(self, due: Iterable[Due], slots: Slots, budget: Budget) -> tuple[list[Run], Waiting]:
        waiting: dict[str, Counter[Shortage]] = defaultdict(Counter)
        crowd = Crowd(budget)
        hopeful: list[Run] = []
        for run, group in due:
            shortage = crowd.shortage(run)
            if shortage is None:
                hopeful.extend(map(run.on, group))
            else:
                _count(waiting, run, shortage, len(group))
        admitted = []
        for run in turns(hopeful, self._busy_zones(slots)) if hopeful else ():
            shortage = crowd.shortage(run)
            if shortage is None:
                crowd.take(run)
                admitted.append(run)
            else:
                _count(waiting, run, shortage, 1)
        moving = frozenset(name for run in admitted for name in run.changes)
        return admitted, {name: it for name, it in waiting.items() if name not in moving}

    def _busy_zones(self, slots: Slots) -> Mapping[str, int]:
        nodes = (self.snapshot.nodes.get(name) for name in slots.held)
        return Counter(node.zone for node in nodes if node is not None)

    def _due(self, target: Target, budget: Budget) -> Run | None:
        wasm_node = target.wasm_node
        if wasm_node is not None and (wasm_node.is_in_flight or wasm_node.deleting):
            return None
        allotted, rerun = self.allotment.of(target), self.reruns.due(target)
        changes = self._changes(target, allotted, rerun)
        if not changes or target.node.is_paused or self.snapshot.policy.paused:
            return None
        cause, load = cause_of(target, allotted, rerun), budget.load(target, changes)
        digest = self.renderer.hash(allotted.entries)
        return Run(target, allotted.entries, digest, changes, cause, load)

    def _changes(self, target: Target, allotted: Allotted, rerun: Rerun | None) -> frozenset[str]:
        """Return what a run would work on now; what the last one left undone is part of it."""
        changes, wasm_node = allotted.differences, target.wasm_node
        if wasm_node is None:
            return changes
        if rerun is not None:
            changes |= rerun.changes
        if is_new_token(target.node, names.REINSTALL, wasm_node.spec.reinstall_token):
            changes |= frozenset(entry.name for entry in allotted.entries)
        is_due = bool(changes) or self._is_retry_due(target, wasm_node)
        return changes | wasm_node.undone_names if is_due else changes

    def _is_retry_due(self, target: Target, wasm_node: WasmNodeRecord) -> bool:
        if not wasm_node.has_failed:
            return False
        if is_new_token(target.node, names.RETRY, wasm_node.spec.retry_token):
            return True
        due = parse_time(wasm_node.status.next_retry)
        return due is not None and due <= self.now


class Crowd:
    """Runs that want to begin; of those that take the same only one is judged."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._refused: dict[Load, Shortage] = {}

    def shortage(self, run: Run) -> Shortage | None:
        """Return why a run cannot begin."""
        if not run.target.node.is_ready:
            return Shortage(Limit.NOT_READY)
        found = self._refused.get(run.load) or self._budget.shortage(run.load)
        if found is not None:
            self._refused[run.load] = found
        return found

    def take(self, run: Run) -> None:
        """Count a run that begins."""
        self._budget.take(run.load)


def _is_paused(runtime: RuntimeRecord) -> bool:
    return runtime.spec is not None and runtime.spec.rollout.paused


def next_retry(targets: Iterable[Target], now: datetime) -> datetime | None:
    """Return when the next backoff ends."""
    ends = (
        parse_time(target.wasm_node.status.next_retry)
        for target in targets
        if target.wasm_node is not None and target.wasm_node.has_failed
    )
    return min((end for end in ends if end is not None and end > now), default=None)


def _count(waiting: dict[str, Counter[Shortage]], run: Run, shortage: Shortage, nodes: int) -> None:
    for name in run.changes:
        waiting[name][shortage] += nodes
