"""A store for each kind."""

from typing import Any

from wasmwright_operator.cache.keys import of_fleet, of_fleet_and_node
from wasmwright_operator.cache.store import Store
from wasmwright_operator.cache.work import WorkStore
from wasmwright_operator.kube.port import (
    CONFIG_MAPS,
    CONTROLLER_REVISIONS,
    JOBS,
    NODES,
    PODS,
    RUNTIME_CLASSES,
    WASM_NODES,
    WASM_RUNTIMES,
)
from wasmwright_operator.records import (
    JobRecord,
    LedgerRecord,
    NodeRecord,
    PodRecord,
    RevisionRecord,
    RuntimeClassRecord,
    RuntimeRecord,
    WasmNodeRecord,
    parse_job,
    parse_ledger,
    parse_node,
    parse_pod,
    parse_revision,
    parse_runtime,
    parse_runtime_class,
    parse_wasm_node,
)


class Stores:
    """All stores."""

    def __init__(self) -> None:
        self.nodes: Store[NodeRecord] = Store(parse_node, of_fleet_and_node)
        self.wasm_nodes: Store[WasmNodeRecord] = Store(parse_wasm_node, of_fleet_and_node)
        self.runtimes: Store[RuntimeRecord] = Store(parse_runtime, of_fleet)
        self.revisions: Store[RevisionRecord] = Store(parse_revision, of_fleet)
        self.runtime_classes: Store[RuntimeClassRecord] = Store(parse_runtime_class, of_fleet)
        self.jobs: WorkStore[JobRecord] = WorkStore(parse_job)
        self.pods: WorkStore[PodRecord] = WorkStore(parse_pod)
        self.ledgers: Store[LedgerRecord] = Store(parse_ledger, of_fleet)
        self._by_plural: dict[str, Store[Any]] = {
            NODES.plural: self.nodes,
            WASM_NODES.plural: self.wasm_nodes,
            WASM_RUNTIMES.plural: self.runtimes,
            CONTROLLER_REVISIONS.plural: self.revisions,
            RUNTIME_CLASSES.plural: self.runtime_classes,
            JOBS.plural: self.jobs,
            PODS.plural: self.pods,
            CONFIG_MAPS.plural: self.ledgers,
        }

    def store_of(self, plural: str) -> Store[Any]:
        """Return the store of a resource."""
        return self._by_plural[plural]
