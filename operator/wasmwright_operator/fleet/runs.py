"""What an admitted run writes into its WasmNode: all that the node's plan has to know."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from wasmwright_installer.contract import HandlerEntry, RuntimeEntry
from wasmwright_operator import names
from wasmwright_operator.api.wasmnode import Cause, SmokeTest, WasmNodeSpec
from wasmwright_operator.api.wasmruntime import WasmRuntimeSpec
from wasmwright_operator.conditions import rfc3339
from wasmwright_operator.fleet.acceptance import Acceptance
from wasmwright_operator.fleet.budget import Load
from wasmwright_operator.fleet.notes import WasmNodeWrite, write
from wasmwright_operator.fleet.rendering import Renderer
from wasmwright_operator.fleet.snapshot import DeclareAhead, Snapshot
from wasmwright_operator.fleet.targets import Target
from wasmwright_operator.fleet.terms import Terms, terms_of
from wasmwright_operator.records import Slot


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is due on a node."""

    target: Target
    entries: tuple[RuntimeEntry, ...]
    """What the node is to have then."""
    hash: str
    """The identity of these entries."""
    changes: frozenset[str]
    """The runtimes that it adds, changes or removes."""
    cause: Cause
    load: Load
    """What it takes of the budgets."""

    def on(self, target: Target) -> "Run":
        """Return the same run on a node that is like this one."""
        return Run(target, self.entries, self.hash, self.changes, self.cause, self.load)


@dataclass(frozen=True, slots=True)
class Runs:
    """Writes down the runs that are admitted by one version of the ledger."""

    snapshot: Snapshot
    acceptances: Mapping[str, Acceptance]
    renderer: Renderer
    version: int
    _terms: dict[tuple[frozenset[str], frozenset[str]], Terms] = field(default_factory=dict)
    _declared: dict[str, tuple[HandlerEntry, ...]] = field(default_factory=dict)

    def begin(self, run: Run) -> WasmNodeWrite:
        """Return the write that begins a run."""
        target, terms = run.target, self._terms_of(run)
        wasm_node = target.wasm_node
        spec = WasmNodeSpec(
            node_uid=target.node.uid,
            hash=run.hash,
            attempt=1 if wasm_node is None else wasm_node.spec.attempt + 1,
            runtimes=run.entries,
            declared=self._declared_for(run),
            wasm_pods=terms.wasm_pods,
            changes=tuple(sorted(run.changes)),
            refused=target.refused,
            reinstall_token=target.node.wish(names.REINSTALL),
            retry_token=target.node.wish(names.RETRY),
            keep_versions=self.snapshot.policy.keep_versions,
            ledger_version=self.version,
            cause=run.cause,
            max_attempts=terms.max_attempts,
            min_ready_seconds=terms.min_ready_seconds,
            disruption=terms.disruption,
            removal=terms.removal,
            smoke_tests=tuple(self._smoke_tests(run)),
            take_over=target.take_over,
            predecessor_labels=target.predecessor_labels,
        )
        return write(target, spec)

    def slot(self, begun: WasmNodeWrite, now: datetime) -> Slot:
        """Return what the ledger says of a run."""
        spec = begun.spec
        return Slot(spec.node_uid, self.version, spec.attempt, spec.changes, rfc3339(now))

    def _smoke_tests(self, run: Run) -> Iterator[SmokeTest]:
        """Yield a test for each runtime that the run installs, changes or looks after."""
        for entry in run.entries:
            runtime = self.snapshot.runtimes.get(entry.name)
            if entry.name in run.changes and runtime is not None and runtime.spec is not None:
                wish = runtime.spec.verify.smoke_test
                if wish is not None:
                    yield SmokeTest(runtime=entry.name, **wish.model_dump())

    def _terms_of(self, run: Run) -> Terms:
        leaving = run.changes - {entry.name for entry in run.entries}
        key = run.changes, leaving
        if key not in self._terms:
            self._terms[key] = terms_of(self._specs(run.changes - leaving), self._specs(leaving))
        return self._terms[key]

    def _specs(self, changes: frozenset[str]) -> list[WasmRuntimeSpec | None]:
        runtimes = (self.snapshot.runtimes.get(name) for name in sorted(changes))
        return [runtime.spec if runtime is not None else None for runtime in runtimes]

    def _declared_for(self, run: Run) -> tuple[HandlerEntry, ...]:
        """Return the handlers to write ahead; a node that is given back declares none."""
        if not run.entries or self.snapshot.policy.declare_ahead is DeclareAhead.NONE:
            return ()
        arch = run.target.node.arch
        if arch not in self._declared:
            self._declared[arch] = tuple(entry.handler for entry in self._known(arch))
        return self._declared[arch]

    def _known(self, arch: str) -> list[RuntimeEntry]:
        known: list[RuntimeEntry] = []
        for name, runtime in sorted(self.snapshot.runtimes.items()):
            if self.acceptances[name].is_accepted and not runtime.deleting:
                entry = self.renderer.entry(runtime, arch)
                known.extend((entry,) if entry else ())
        return known
