"""Which settled nodes get a run of what they have now, and when the next one will be due."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from wasmwright_operator.api.wasmnode import Cause
from wasmwright_operator.fleet.targets import Target
from wasmwright_operator.records import RuntimeRecord, WasmNodeRecord


@dataclass(frozen=True, slots=True)
class Rerun:
    """A run of what the node has already."""

    cause: Cause
    changes: frozenset[str]
    """The runtimes whose slots it takes."""


@dataclass(frozen=True, slots=True)
class Reruns:
    """Decides which settled nodes need a run of what they have."""

    runtimes: Mapping[str, RuntimeRecord]
    now: datetime

    def due(self, target: Target) -> Rerun | None:
        """Return the run that is due on a node; a paused runtime has no part in it."""
        if target.wasm_node is None or not target.node.is_ready:
            return None
        for cause, at in target.reasons:
            if at <= self.now:
                changes = self._moving(target.wasm_node)
                return Rerun(cause, changes) if changes else None
        return None

    def next_look(self, targets: Iterable[Target]) -> datetime | None:
        """Return when the next of these runs will be due that is not due yet."""
        times = (at for target in targets for _, at in target.reasons if at > self.now)
        return min(times, default=None)

    def _moving(self, wasm_node: WasmNodeRecord) -> frozenset[str]:
        return frozenset(
            entry.name
            for entry in wasm_node.spec.runtimes
            if not _is_paused(self.runtimes.get(entry.name))
        )


def _is_paused(runtime: RuntimeRecord | None) -> bool:
    return runtime is None or runtime.spec is None or runtime.spec.rollout.paused
