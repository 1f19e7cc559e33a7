"""The cluster at one instant, and what is under way in it."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from integration.operator.api import Raw
from wasmwright_operator import names

_ENDED: Final = frozenset({"Succeeded", "Failed"})
_MAX_PARALLEL: Final = 10
"""What a WasmRuntime allows that does not say otherwise."""

Run = tuple[str, str, str]
"""UID of the WasmNode, hash, attempt."""


def run_of(raw: Raw) -> Run | None:
    """Return the run that a Job or pod belongs to, if it is one of the operator's."""
    found = raw["metadata"].get("annotations", {})
    if names.JOB_OWNER not in found:
        return None
    return found[names.JOB_OWNER], found[names.JOB_HASH], found[names.JOB_ATTEMPT]


def tested_runtime(raw: Raw) -> str:
    """Return the WasmRuntime that a pod is the smoke test of; "" = it is none."""
    return str(raw["metadata"].get("annotations", {}).get(names.SMOKE_TEST, ""))


@dataclass
class Moment:
    """Objects by UID."""

    version: int = 0
    nodes: dict[str, Raw] = field(default_factory=dict)
    wasm_nodes: dict[str, Raw] = field(default_factory=dict)
    runtimes: dict[str, Raw] = field(default_factory=dict)
    classes: dict[str, Raw] = field(default_factory=dict)
    jobs: dict[str, Raw] = field(default_factory=dict)
    pods: dict[str, Raw] = field(default_factory=dict)
    changes: dict[Run, tuple[str, ...]] = field(default_factory=dict)
    """The runtimes that each run changes, kept when its WasmNode is gone."""

    @cached_property
    def _stores(self) -> dict[str, dict[str, Raw]]:
        return {
            "nodes": self.nodes,
            "wasmnodes": self.wasm_nodes,
            "wasmruntimes": self.runtimes,
            "runtimeclasses": self.classes,
            "jobs": self.jobs,
            "pods": self.pods,
        }

    def take(self, resource: str, kind: str, raw: Raw) -> None:
        """Take a change in."""
        store, uid = self._stores[resource], raw["metadata"]["uid"]
        if kind == "DELETED":
            store.pop(uid, None)
            return
        store[uid] = raw
        if resource == "wasmnodes" and raw["spec"].get("hash"):
            run = uid, raw["spec"]["hash"], str(raw["spec"]["attempt"])
            self.changes[run] = tuple(raw["spec"].get("changes") or ())

    def in_flight(self) -> Counter[str]:
        """Count by runtime the WasmNodes on which a run was admitted that has not ended."""
        found = self.wasm_nodes.values()
        return Counter(name for raw in found if _is_in_flight(raw) for name in _changes(raw))

    def installers(self) -> Counter[str]:
        """Count by runtime the pods that may be changing a node now."""
        found: Counter[str] = Counter()
        for pod in self.live_pods():
            run = run_of(pod)
            found.update(self.changes[run] if run else ())
        return found

    def live_pods(self) -> Iterator[Raw]:
        """Yield the installers that have not ended, on nodes that are still there."""
        for pod in self.pods.values():
            if tested_runtime(pod):
                continue
            if pod["status"]["phase"] not in _ENDED and node_uid(pod) in self.nodes:
                yield pod

    def budgets(self) -> dict[str, int]:
        """Return `maxParallel` of each runtime."""
        return {
            raw["metadata"]["name"]: raw["spec"]
            .get("rollout", {})
            .get("maxParallel", _MAX_PARALLEL)
            for raw in self.runtimes.values()
        }


def node_uid(pod: Raw) -> str:
    """Return the UID of the node that an installer's pod was made for."""
    document = json.loads(pod["metadata"]["annotations"].get(names.DOCUMENT, "{}"))
    return str(document.get("node", {}).get("uid", ""))


def _is_in_flight(raw: Raw) -> bool:
    spec, status = raw["spec"], raw.get("status") or {}
    admitted = spec.get("hash", ""), spec.get("attempt", 0)
    return admitted != (status.get("concludedHash", ""), status.get("concludedAttempt", 0))


def _changes(raw: Raw) -> list[str]:
    return raw["spec"].get("changes") or []
