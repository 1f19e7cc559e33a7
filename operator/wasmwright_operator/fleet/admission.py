"""Which nodes may change now: never more at a time than each changing runtime allows.

Slots in use are counted from WasmNodes only, so no restart of the operator can exceed them: a node
holds one slot of each runtime in `spec.changes` from the write that admits a run until the run has
been concluded in its status. A node in backoff holds none.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from wasmwright_installer.contract import HandlerEntry, RuntimeEntry, WasmPods
from wasmwright_operator import names
from wasmwright_operator.actions import CreateWasmNode, EmitEvent, EventType, UpdateWasmNode
from wasmwright_operator.api.disruption import WasmPodsPolicy
from wasmwright_operator.api.wasmnode import Cause, Refusal, WasmNodeSpec
from wasmwright_operator.conditions import parse_time
from wasmwright_operator.fleet.acceptance import Acceptance
from wasmwright_operator.fleet.causes import cause_of
from wasmwright_operator.fleet.drift import Rerun, Reruns
from wasmwright_operator.fleet.rendering import Renderer
from wasmwright_operator.fleet.snapshot import DeclareAhead, Snapshot
from wasmwright_operator.fleet.targets import UNKNOWN, Target
from wasmwright_operator.records import RuntimeRecord, WasmNodeRecord

_ORPHAN_SLOTS: Final = 10
"""Parallel removals of a runtime whose WasmRuntime is gone, so that nobody can say otherwise."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node on which a run is due."""

    target: Target
    changes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Admission:
    """Decides which runs start now."""

    snapshot: Snapshot
    acceptances: Mapping[str, Acceptance]
    renderer: Renderer
    now: datetime

    def writes(self, targets: Iterable[Target]) -> Iterator[CreateWasmNode | UpdateWasmNode]:
        """Yield the writes that start runs or tell of refusals, in a fixed order."""
        candidates = []
        for target in targets:
            if target.wasm_node is None and target.node.name in self.snapshot.wasm_nodes:
                continue  # of an earlier node of that name, on its way out
            candidate = self._candidate(target)
            if candidate is not None:
                candidates.append(candidate)
            elif _needs_note(target):
                yield _note(target)
        free = self._free_slots()
        for candidate in sorted(candidates, key=_turn):
            if all(free[name] > 0 for name in candidate.changes):
                for name in candidate.changes:
                    free[name] -= 1
                yield self._admit(candidate)

    def _candidate(self, target: Target) -> Candidate | None:
        wasm_node = target.wasm_node
        if target.node.is_paused:
            return None
        if wasm_node is None:
            changes = frozenset(entry.name for entry in target.entries)
        elif wasm_node.is_in_flight or wasm_node.deleting:
            return None
        else:
            changes = self._due_changes(target, wasm_node)
        return Candidate(target, changes) if changes else None

    def _due_changes(self, target: Target, wasm_node: WasmNodeRecord) -> frozenset[str]:
        """Return what a run would work on now; what the last one left undone is part of it."""
        changes = self._differences(target, wasm_node)
        if _is_new_token(target, names.REINSTALL, wasm_node.spec.reinstall_token):
            changes |= frozenset(entry.name for entry in target.entries)
        rerun = self._rerun(target)
        changes |= rerun.changes if rerun is not None else frozenset()
        is_due = bool(changes) or self._is_retry_due(target, wasm_node)
        return changes | wasm_node.undone_names if is_due else frozenset()

    def _rerun(self, target: Target) -> Rerun | None:
        if target.wasm_node is None:
            return None
        return Reruns(self.snapshot.runtimes, self.now).due(target.node, target.wasm_node)

    def _cause(self, target: Target) -> Cause:
        wasm_node = target.wasm_node
        differences = self._differences(target, wasm_node) if wasm_node else frozenset()
        return cause_of(target, differences, self._rerun(target))

    def _differences(self, target: Target, wasm_node: WasmNodeRecord) -> frozenset[str]:
        present = self.renderer.digests(wasm_node)
        desired = {entry.name: self.renderer.digest(entry) for entry in target.entries}
        return frozenset(
            name
            for name in present.keys() | desired.keys()
            if present.get(name) != desired.get(name)
        )

    def _is_retry_due(self, target: Target, wasm_node: WasmNodeRecord) -> bool:
        if not wasm_node.has_failed:
            return False
        if _is_new_token(target, names.RETRY, wasm_node.spec.retry_token):
            return True
        due = parse_time(wasm_node.status.next_retry)
        return due is not None and due <= self.now

    def _free_slots(self) -> dict[str, int]:
        free: dict[str, int] = defaultdict(lambda: _ORPHAN_SLOTS)
        free.update({name: self._slots(it) for name, it in self.snapshot.runtimes.items()})
        for wasm_node in self.snapshot.wasm_nodes.values():
            for name in wasm_node.spec.changes if wasm_node.is_in_flight else ():
                free[name] -= 1
        return free

    def _slots(self, runtime: RuntimeRecord) -> int:
        """A runtime that could vanish without our clean-up is given to no node."""
        if not (runtime.has_finalizer or runtime.deleting):
            return 0
        return runtime.spec.rollout.max_parallel if runtime.spec else _ORPHAN_SLOTS

    def _admit(self, candidate: Candidate) -> CreateWasmNode | UpdateWasmNode:
        target = candidate.target
        wasm_node = target.wasm_node
        spec = WasmNodeSpec(
            node_uid=target.node.uid,
            hash=self.renderer.hash(target.entries),
            attempt=1 if wasm_node is None else wasm_node.spec.attempt + 1,
            runtimes=target.entries,
            declared=self._declared(target),
            wasm_pods=self._wasm_pods(candidate.changes),
            changes=tuple(sorted(candidate.changes)),
            refused=target.refused,
            reinstall_token=target.node.wish(names.REINSTALL),
            retry_token=target.node.wish(names.RETRY),
            keep_versions=self.snapshot.policy.keep_versions,
            cause=self._cause(target),
            max_attempts=self._max_attempts(candidate.changes),
        )
        return _write(target, spec)

    def _max_attempts(self, changes: Iterable[str]) -> int:
        """Return the least of what the changing runtimes allow; 0 = none of them sets a limit."""
        runtimes = (self.snapshot.runtimes.get(name) for name in changes)
        specs = (runtime.spec for runtime in runtimes if runtime is not None)
        limits = (spec.rollout.max_attempts for spec in specs if spec is not None)
        return min(filter(None, limits), default=0)

    def _declared(self, target: Target) -> tuple[HandlerEntry, ...]:
        """Return the handlers to write ahead; a node that is given back declares none."""
        if not target.entries or self.snapshot.policy.declare_ahead is DeclareAhead.NONE:
            return ()
        known: list[RuntimeEntry] = []
        for name, runtime in sorted(self.snapshot.runtimes.items()):
            if self.acceptances[name].is_accepted and not runtime.deleting:
                entry = self.renderer.entry(runtime, target.node.arch)
                known.extend((entry,) if entry else ())
        return tuple(entry.handler for entry in known)

    def _wasm_pods(self, changes: Iterable[str]) -> WasmPods:
        """Force only what every changing runtime allows to be forced."""
        runtimes = (self.snapshot.runtimes.get(name) for name in changes)
        allowed = (
            runtime.spec.rollout.disruption.wasm_pods
            for runtime in runtimes
            if runtime is not None and runtime.spec is not None
        )
        is_forced = set(allowed) == {WasmPodsPolicy.FORCE}
        return WasmPods.FORCE if is_forced else WasmPods.WAIT


def next_retry(targets: Iterable[Target], now: datetime) -> datetime | None:
    """Return when the next backoff ends."""
    ends = (
        parse_time(target.wasm_node.status.next_retry)
        for target in targets
        if target.wasm_node is not None and target.wasm_node.has_failed
    )
    return min((end for end in ends if end is not None and end > now), default=None)


def _turn(candidate: Candidate) -> str:
    """Order by a hash, so that it is the same after a restart and spreads over the fleet."""
    return hashlib.sha256(candidate.target.node.uid.encode()).hexdigest()


def _is_new_token(target: Target, key: str, obeyed: str) -> bool:
    token = target.node.wish(key)
    return token not in {"", obeyed}


def _needs_note(target: Target) -> bool:
    """Tell whether something besides the runtimes must be written down, without a run."""
    wasm_node = target.wasm_node
    if wasm_node is None:
        return bool(target.refused)
    if wasm_node.is_in_flight or wasm_node.deleting:
        return False
    is_spent = _is_new_token(target, names.RETRY, wasm_node.spec.retry_token)
    return wasm_node.spec.refused != target.refused or (is_spent and not wasm_node.has_failed)


def _note(target: Target) -> CreateWasmNode | UpdateWasmNode:
    if target.wasm_node is None:
        return _write(target, WasmNodeSpec(node_uid=target.node.uid, refused=target.refused))
    noted = {"refused": target.refused, "retry_token": target.node.wish(names.RETRY)}
    return _write(target, target.wasm_node.spec.model_copy(update=noted))


def _write(target: Target, spec: WasmNodeSpec) -> CreateWasmNode | UpdateWasmNode:
    fresh = _fresh_refusals(target)
    events = (_refusal_event(target, fresh),) if fresh else ()
    absent = tuple(refusal.name for refusal in fresh if refusal.reason == UNKNOWN)
    if target.wasm_node is None:
        return CreateWasmNode(target.node.name, spec, events, absent)
    version = target.wasm_node.resource_version
    return UpdateWasmNode(target.node.name, version, spec, events, absent)


def _fresh_refusals(target: Target) -> tuple[Refusal, ...]:
    """Return the new wishes of a node that are refused.

    What the node had, or was refused before, is no news about the node: the end of a WasmRuntime
    would otherwise be told on each of its nodes.
    """
    known = target.wasm_node.spec if target.wasm_node else WasmNodeSpec(node_uid="")
    old = {entry.name for entry in known.runtimes} | {item.name for item in known.refused}
    return tuple(refusal for refusal in target.refused if refusal.name not in old)


def _refusal_event(target: Target, fresh: tuple[Refusal, ...]) -> EmitEvent:
    return EmitEvent(
        api_version="v1",
        kind="Node",
        name=target.node.name,
        uid=target.node.uid,
        type=EventType.WARNING,
        reason=fresh[0].reason if len(fresh) == 1 else "RuntimesRefused",
        message="; ".join(refusal.message for refusal in fresh),
    )
