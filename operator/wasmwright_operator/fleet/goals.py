"""Work out the target of each node, and keep it for the next plan."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from wasmwright_installer.contract import RuntimeEntry
from wasmwright_operator.api.wasmnode import Refusal
from wasmwright_operator.fleet.acceptance import Acceptance
from wasmwright_operator.fleet.drift import Reasons
from wasmwright_operator.fleet.eligibility import NOT_READY, barrier, patience_ends
from wasmwright_operator.fleet.fitness import Flaw, flaw_of
from wasmwright_operator.fleet.kinds import Kinds
from wasmwright_operator.fleet.places import places_of
from wasmwright_operator.fleet.rendering import Renderer
from wasmwright_operator.fleet.requests import wishes_of
from wasmwright_operator.fleet.snapshot import Snapshot
from wasmwright_operator.fleet.targets import SKIPPED, UNKNOWN, UNSUPPORTED, Target
from wasmwright_operator.predecessors import labels_of_predecessors, permitted
from wasmwright_operator.records import NodeRecord, RuntimeRecord, WasmNodeRecord
from wasmwright_operator.selectors import selects

Entries = Mapping[str, RuntimeEntry]

_SKIPPED: Final = (
    'the node says wasmwright.dev/skip: "true", so that it is left as it is; take that label or'
    " annotation away to have it served"
)


class Memo:
    """The targets of the last plan, which spare the next one work and change nothing in it.

    A target follows from the records of its node and from what all WasmRuntimes say. So it is good
    for as long as these records are the same objects and the WasmRuntimes say the same.
    """

    def __init__(self) -> None:
        self.kinds = Kinds()
        self._terms: object = None
        self._targets: Mapping[str, Target] = {}

    def recall(self, terms: object) -> Mapping[str, Target]:
        """Return the targets that were kept on the same terms, by the node's name."""
        return self._targets if terms == self._terms else {}

    def keep(self, terms: object, targets: Mapping[str, Target]) -> None:
        """Keep targets in place of the last ones."""
        self._terms, self._targets = terms, targets


@dataclass(frozen=True, slots=True)
class Goals:
    """Works out the targets of one snapshot."""

    snapshot: Snapshot
    acceptances: Mapping[str, Acceptance]
    renderer: Renderer
    now: datetime
    _reasons: Reasons = field(init=False)
    _shims: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        reasons = Reasons(self.snapshot.runtimes, self.snapshot.policy.take_over)
        object.__setattr__(self, "_reasons", reasons)
        object.__setattr__(self, "_shims", self.snapshot.shims)

    def targets(self, memo: Memo) -> Mapping[str, Target]:
        """Return the target of every node that may be touched, by the node's name."""
        terms, targets = self._terms(), {}
        known, wasm_nodes = memo.recall(terms), self.snapshot.wasm_nodes
        for name, node in self.snapshot.nodes.items():
            target, wasm_node = known.get(name), wasm_nodes.get(name)
            if target is not None and target.is_of(node, wasm_node):
                targets[name] = target
            elif not node.is_skipped:
                targets[name] = self._target(node, wasm_node, memo.kinds)
        memo.keep(terms, targets)
        return targets

    def skipped(self, targets: Mapping[str, Target]) -> Iterator[tuple[str, Refusal]]:
        """Yield the nodes that are no targets, each with what it would have otherwise."""
        nodes = self.snapshot.nodes
        for name in nodes.keys() - targets.keys():
            yield from ((name, problem) for problem in self._skipped(nodes[name]))

    def _skipped(self, node: NodeRecord) -> Iterator[Refusal]:
        found = self.snapshot.wasm_nodes.get(node.name)
        present = _present(found if found and found.spec.node_uid == node.uid else None)
        wishes = wishes_of(node, self.snapshot.policy.kwasm_runtimes)
        for runtime in self.snapshot.runtimes.values():
            is_placed = wishes.accepts_placement and _is_placed(runtime, node)
            is_selected = is_placed or runtime.name in wishes.names
            if is_selected and self._refusal(runtime, present, is_placed=is_placed) is None:
                yield _refuse(runtime.name, SKIPPED, _SKIPPED)

    def _terms(self) -> object:
        runtimes = self.snapshot.runtimes.values()
        said = [(it.name, it.spec, it.deleting) for it in runtimes]
        return said, dict(self.acceptances), self.snapshot.policy, self._shims

    def _target(self, node: NodeRecord, found: WasmNodeRecord | None, kinds: Kinds) -> Target:
        goal = self._goal(node, found)
        places = tuple(places_of(goal, self.snapshot.runtimes, self.renderer))
        reasons = tuple(self._reasons.of(node, goal.wasm_node)) if goal.wasm_node else ()
        return replace(goal, places=places, reasons=reasons, kind=kinds.of(goal, places))

    def _goal(self, node: NodeRecord, found: WasmNodeRecord | None) -> Target:
        is_of_node = found is not None and found.spec.node_uid == node.uid
        wasm_node = found if is_of_node else None
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
            predecessor=None if is_of_node else found,
            wanted=frozenset(wanted),
            refused=tuple(sorted(refused, key=lambda item: item.name)),
            excluded=excluded,
            predecessor_labels=labels_of_predecessors(node, wasm_node, self._shims),
            take_over=permitted(node, self.snapshot.policy.take_over),
        )

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
            f" {node.arch or '(unknown)'}; add one to spec.source",
        )

    def _is_worth_telling(self, problem: Refusal, node: NodeRecord) -> bool:
        return problem.reason != NOT_READY or patience_ends(node) <= self.now

    def _may_stay(self, runtime: RuntimeRecord, present: Entries) -> bool:
        """A runtime that lost a conflict later stays where it is; it goes nowhere else."""
        return self.acceptances[runtime.name].is_accepted or runtime.name in present


def _present(wasm_node: WasmNodeRecord | None) -> Entries:
    runtimes = wasm_node.spec.runtimes if wasm_node is not None else ()
    return {entry.name: entry for entry in runtimes}


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
