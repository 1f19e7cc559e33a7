"""What was seen and is gone: only who saw it go can tell plans of it."""

from collections.abc import Iterable
from typing import Final

from wasmwright_operator.records import (
    JobRecord,
    PodRecord,
    RunKey,
    SmokeTestRecord,
    WasmNodeRecord,
)

_REMEMBERED: Final = 20_000


class Ends:
    """Remembers ends that matter; all of it may be lost, and is with the process."""

    def __init__(self) -> None:
        self.lost_runs: set[RunKey] = set()
        """Runs whose Job was deleted before it ended."""
        self.lost_tests: set[tuple[RunKey, str]] = set()
        """Smoke tests, as run and runtime, whose pod was deleted before it ended."""
        self._wasm_nodes: dict[str, int] = {}

    def take(self, gone: object) -> None:
        """Take in that this was deleted."""
        match gone:
            case JobRecord(outcome=None):
                self.lost_runs.add(gone.run)
            case PodRecord(smoke_test=SmokeTestRecord() as test) if not gone.has_ended:
                self.lost_tests.add((gone.run, test.runtime))
            case WasmNodeRecord():
                self._end(gone)
            case _:
                pass

    def forget(self, owner: str) -> None:
        """Forget what was lost of a WasmNode that is no more."""
        self.lost_runs = {run for run in self.lost_runs if run.owner != owner}
        self.lost_tests = {test for test in self.lost_tests if test[0].owner != owner}

    def ledger_versions(self, nodes: Iterable[str]) -> dict[str, int]:
        """Return which ledger the WasmNodes that ended were written after, by their Nodes' UIDs."""
        return {uid: self._wasm_nodes[uid] for uid in self._wasm_nodes.keys() & set(nodes)}

    def _end(self, gone: WasmNodeRecord) -> None:
        self._wasm_nodes[gone.spec.node_uid] = gone.spec.ledger_version
        if len(self._wasm_nodes) > _REMEMBERED:
            del self._wasm_nodes[next(iter(self._wasm_nodes))]
