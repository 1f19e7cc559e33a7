"""What each node is to have, and what it asks for and does not get."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from wasmwright_installer.contract import RuntimeEntry
from wasmwright_operator.api.wasmnode import Refusal
from wasmwright_operator.fleet.acceptance import Acceptance
from wasmwright_operator.fleet.eligibility import NOT_READY, barrier, patience_ends
from wasmwright_operator.fleet.fitness import Flaw, flaw_of
from wasmwright_operator.fleet.rendering import Renderer
from wasmwright_operator.fleet.requests import wishes_of
from wasmwright_operator.fleet.snapshot import Snapshot
from wasmwright_operator.records import NodeRecord, RuntimeRecord, WasmNodeRecord
from wasmwright_operator.selectors import selects

Entries = Mapping[str, RuntimeEntry]

UNKNOWN: Final = "UnknownRuntime"
UNSUPPORTED: Final = "UnsupportedArchitecture"


@dataclass(frozen=True, slots=True)
class Target:
    """One node's goal."""

    node: NodeRecord
    wasm_node: WasmNodeRecord | None
    """None also when the WasmNode of this name speaks of an earlier node."""
    wanted: frozenset[str] = frozenset()
    """Runtimes that the node is to have in the end."""
    entries: tuple[RuntimeEntry, ...] = ()
    """What it may be given now; filled in when it is known how far each rollout is."""
    is_undecided: bool = False
    """Whether that is to be known after the next write only, so that nothing is to be said yet."""
    refused: tuple[Refusal, ...] = ()
    """What it asks for itself and does not get."""
    excluded: Mapping[str, Refusal] = field(default_factory=dict)
    """Runtimes that it would have if it were another node; it keeps what it has of them."""


@dataclass(frozen=True, slots=True)
class Goals:
    """Works out the targets of one snapshot."""

    snapshot: Snapshot
    acceptances: Mapping[str, Acceptance]
    renderer: Renderer
    now: datetime

    def targets(self) -> tuple[Target, ...]:
        """Return the target of every node that may be touched."""
        nodes = self.snapshot.nodes.values()
        return tuple(self._target(node) for node in nodes if not node.is_skipped)

    def _target(self, node: NodeRecord) -> Target:
        wasm_node = self._wasm_node(node)
        present = _present(wasm_node)
        wishes = wishes_of(node, self.snapshot.policy.kwasm_runtimes)
        wanted, refused, excluded = set(), [], {}
        flaw = flaw_of(node)
        for runtime in self.snapshot.runtimes.values():
            is_placed = wishes.accepts_placement and _is_placed(runtime, node)
            is_asked = runtime.name in wishes.names
            if not (is_placed or is_asked):
                continue
            refusal = self._refusal(runtime, present, is_placed=is_placed)
            unfit = None if refusal else self._unfitness(runtime, node, present, flaw)
            if unfit is not None:
                excluded[runtime.name] = unfit
            elif refusal is None:
                wanted.add(runtime.name)
            problem = refusal or unfit
            if problem is not None and is_asked and self._is_worth_telling(problem, node):
                refused.append(problem)
        refused.extend(
            _unknown(name) for name in wishes.names if name not in self.snapshot.runtimes
        )
        return Target(
            node=node,
            wasm_node=wasm_node,
            wanted=frozenset(wanted),
            refused=tuple(sorted(refused, key=lambda item: item.name)),
            excluded=excluded,
        )

    def _wasm_node(self, node: NodeRecord) -> WasmNodeRecord | None:
        found = self.snapshot.wasm_nodes.get(node.name)
        return found if found is not None and found.spec.node_uid == node.uid else None

    def _refusal(
        self, runtime: RuntimeRecord, present: Entries, *, is_placed: bool
    ) -> Refusal | None:
        """Say why a runtime is not given to a node, whatever that node is like."""
        name, spec = runtime.name, runtime.spec
        if runtime.deleting:
            return _refuse(name, "BeingDeleted", f"WasmRuntime {name!r} is being deleted")
        if spec is None or not self._may_stay(runtime, present):
            verdict = self.acceptances[name]
            return _refuse(name, "NotAccepted", f"WasmRuntime {name!r}: {verdict.message}")
        if not is_placed and not spec.placement.requestable:
            return _refuse(
                name,
                "NotRequestable",
                f"WasmRuntime {name!r} may not be asked for by nodes; label the node for its"
                " spec.placement.nodeSelector or set spec.placement.requestable",
            )
        return None

    def _unfitness(
        self,
        runtime: RuntimeRecord,
        node: NodeRecord,
        present: Entries,
        flaw: Flaw | None,
    ) -> Refusal | None:
        if flaw is None:
            flaw = self._lack_of_artifact(runtime, node)
        if flaw is None and runtime.name not in present:
            flaw = barrier(runtime, node, self.snapshot.startup_taints if node.taints else ())
        return _refuse(runtime.name, flaw.reason, flaw.message) if flaw else None

    def _lack_of_artifact(self, runtime: RuntimeRecord, node: NodeRecord) -> Flaw | None:
        if self.renderer.entry(runtime, node.arch) is not None:
            return None
        return Flaw(
            UNSUPPORTED,
            f"WasmRuntime {runtime.name!r} has no artifact for architecture"
            f" {node.arch or '(unknown)'}; add one to spec.source.http.platforms",
        )

    def _is_worth_telling(self, problem: Refusal, node: NodeRecord) -> bool:
        return problem.reason != NOT_READY or patience_ends(node) <= self.now

    def _may_stay(self, runtime: RuntimeRecord, present: Entries) -> bool:
        """A runtime that lost a conflict later stays where it is; it goes nowhere else."""
        return self.acceptances[runtime.name].is_accepted or runtime.name in present


def _present(wasm_node: WasmNodeRecord | None) -> Entries:
    runtimes = wasm_node.spec.runtimes if wasm_node is not None else ()
    return {entry.name: entry for entry in runtimes}


def next_telling(targets: Iterable[Target], now: datetime) -> datetime | None:
    """Return when a node that waits to become Ready is next to be told of."""
    ends = (
        patience_ends(target.node)
        for target in targets
        if any(problem.reason == NOT_READY for problem in target.excluded.values())
    )
    return min((end for end in ends if end > now), default=None)


def _is_placed(runtime: RuntimeRecord, node: NodeRecord) -> bool:
    selector = runtime.spec.placement.node_selector if runtime.spec else None
    return selector is not None and selects(selector, node.labels)


def _refuse(name: str, reason: str, message: str) -> Refusal:
    return Refusal(name=name, reason=reason, message=message)


def _unknown(name: str) -> Refusal:
    return _refuse(
        name,
        UNKNOWN,
        f"the node asks for {name!r}, and there is no WasmRuntime of that name; create it or"
        " correct the annotation wasmwright.dev/runtimes",
    )
