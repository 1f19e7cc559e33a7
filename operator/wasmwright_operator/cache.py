"""What we know of the cluster: a store for each kind, and the views that plans are made from.

Three sources feed it: lists, watch events, and the answers to our own writes.
"""

from dataclasses import replace
from typing import Any, Final, Protocol, TypeVar

from wasmwright_operator import names
from wasmwright_operator.fleet.snapshot import FleetPolicy, Snapshot
from wasmwright_operator.kube.port import (
    CONFIG_MAPS,
    CONTROLLER_REVISIONS,
    JOBS,
    NODES,
    PODS,
    RUNTIME_CLASSES,
    WASM_NODES,
    WASM_RUNTIMES,
    Raw,
)
from wasmwright_operator.node import NodeView
from wasmwright_operator.records import (
    Eviction,
    JobRecord,
    LedgerRecord,
    NodeRecord,
    PodRecord,
    PodsLook,
    RevisionRecord,
    RunKey,
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
from wasmwright_operator.store import Record, Store, version_of

FLEET: Final = "fleet"
_NODE: Final = "node/"
_REMEMBERED_ENDS: Final = 20_000


class Work(Protocol):
    """What Jobs and pods have in common."""

    @property
    def node(self) -> str:
        """The node on which they run."""
        ...


W = TypeVar("W", JobRecord, PodRecord)


class Cache:
    """All stores, and the views that plans are made from."""

    def __init__(self, policy: FleetPolicy) -> None:
        self._policy = policy
        self.nodes: Store[NodeRecord] = Store(parse_node, _of_fleet_and_node)
        self.wasm_nodes: Store[WasmNodeRecord] = Store(parse_wasm_node, _of_fleet_and_node)
        self.runtimes: Store[RuntimeRecord] = Store(parse_runtime, _of_fleet)
        self.revisions: Store[RevisionRecord] = Store(parse_revision, _of_fleet)
        self.runtime_classes: Store[RuntimeClassRecord] = Store(parse_runtime_class, _of_fleet)
        self.jobs: Store[JobRecord] = Store(parse_job, _of_work)
        self.pods: Store[PodRecord] = Store(parse_pod, _of_work)
        self.ledgers: Store[LedgerRecord] = Store(parse_ledger, _of_fleet)
        self._lost_runs: set[RunKey] = set()
        self._ended: dict[str, int] = {}
        self._looks: dict[str, PodsLook] = {}
        self._lost_tests: set[tuple[RunKey, str]] = set()
        self._warnings: dict[str, str] = {}
        self._stores: dict[str, Store[Any]] = {
            NODES.plural: self.nodes,
            WASM_NODES.plural: self.wasm_nodes,
            WASM_RUNTIMES.plural: self.runtimes,
            CONTROLLER_REVISIONS.plural: self.revisions,
            RUNTIME_CLASSES.plural: self.runtime_classes,
            JOBS.plural: self.jobs,
            PODS.plural: self.pods,
            CONFIG_MAPS.plural: self.ledgers,
        }
        self._work: dict[str, dict[str, set[str]]] = {JOBS.plural: {}, PODS.plural: {}}

    def store_of(self, plural: str) -> Store[Any]:
        """Return the store of a resource."""
        return self._stores[plural]

    def observe(self, plural: str, raw: Raw) -> tuple[str, ...]:
        """Take in an object; return the keys to be reconciled."""
        if plural == WASM_RUNTIMES.plural:
            return self._observe_runtime(raw)
        keys = self._stores[plural].observe(raw)
        for key in keys if plural in self._work else ():
            self._work[plural].setdefault(key, set()).add(raw["metadata"]["name"])
        if plural == WASM_NODES.plural:
            self._forget_look(raw["metadata"]["name"])
        return keys

    def _observe_runtime(self, raw: Raw) -> tuple[str, ...]:
        """Take in a WasmRuntime; its nodes are concerned when it begins or ceases to leave them."""
        name = raw["metadata"]["name"]
        before = self.runtimes.get(name)
        keys = self.runtimes.observe(raw)
        after = self.runtimes.get(name)
        was_leaving = before is None or before.is_leaving
        is_leaving = after is None or after.is_leaving
        return (*keys, *self._holders(name)) if keys and was_leaving != is_leaving else keys

    def _holders(self, runtime: str) -> tuple[str, ...]:
        return tuple(
            node_key(wasm_node.name)
            for wasm_node in self.wasm_nodes
            if runtime in wasm_node.held_names
        )

    def remove(self, plural: str, name: str, uid: str) -> tuple[str, ...]:
        """Take in that an object is gone; return the keys to be reconciled."""
        gone = self._stores[plural].get(name)
        if isinstance(gone, JobRecord) and gone.uid == uid and gone.outcome is None:
            self._lost_runs.add(gone.run)
        if isinstance(gone, PodRecord) and gone.uid == uid:
            self._end_test(gone)
        if isinstance(gone, WasmNodeRecord) and gone.uid == uid:
            self._end(gone)
        keys = self._stores[plural].remove(name, uid)
        if keys and plural == WASM_RUNTIMES.plural:
            return (*keys, *self._holders(name))
        for key in keys if plural in self._work else ():
            self._forget_work(plural, key, name)
        if plural == WASM_NODES.plural:
            self._lost_runs = {run for run in self._lost_runs if run.owner != uid}
            self._lost_tests = {it for it in self._lost_tests if it[0].owner != uid}
            self._forget_look(name)
        return keys

    def _end_test(self, gone: PodRecord) -> None:
        self._warnings.pop(gone.uid, None)
        if gone.smoke_test is not None and not gone.has_ended:
            self._lost_tests.add((gone.run, gone.smoke_test.runtime))

    def _end(self, gone: WasmNodeRecord) -> None:
        self._ended[gone.spec.node_uid] = gone.spec.ledger_version
        if len(self._ended) > _REMEMBERED_ENDS:
            del self._ended[next(iter(self._ended))]

    def observe_node_metadata(self, raw: Raw) -> tuple[str, ...]:
        """Take in a Node's metadata alone, as a metadata-only answer holds it."""
        known = self.nodes.get(raw["metadata"]["name"])
        if known is None or known.uid != raw["metadata"]["uid"]:
            return ()
        told = parse_node(raw)
        record = replace(
            known,
            labels=told.labels,
            annotations=told.annotations,
            is_annotated=told.is_annotated,
        )
        return self.nodes.store(record, version_of(raw), is_partial=True)

    def snapshot(self) -> Snapshot:
        """Return what the fleet plan looks at."""
        ledger = self.ledgers.get(names.LEDGER) or LedgerRecord()
        holders = {slot.node_uid for slot in ledger.slots.values()}
        return Snapshot(
            nodes=self.nodes.by_name(),
            runtimes=self.runtimes.by_name(),
            wasm_nodes=self.wasm_nodes.by_name(),
            runtime_classes=self.runtime_classes.by_name(),
            revisions=self.revisions.by_name(),
            ledger=ledger,
            ended={uid: self._ended[uid] for uid in holders & self._ended.keys()},
            policy=self._policy,
        )

    def node_view(self, node: str) -> NodeView:
        """Return what the plan of one node looks at, beside its Jobs and pods."""
        return NodeView(
            node=self.nodes.get(node),
            wasm_node=self._with_ends(node),
            lost_runs=frozenset(self._lost_runs),
            look=self._looks.get(node),
            lost_tests=frozenset(self._lost_tests),
            warnings=dict(self._warnings),
        )

    def _with_ends(self, node: str) -> WasmNodeRecord | None:
        """Return a WasmNode that knows which of its runtimes are to end, or have ended."""
        found, owner = self.wasm_nodes.get(node), self.nodes.get(node)
        if found is None or owner is None or owner.is_skipped:
            return found
        held = {name: self.runtimes.get(name) for name in found.held_names}
        gone = frozenset(name for name, runtime in held.items() if runtime is None)
        leaving = frozenset(
            name for name, runtime in held.items() if runtime is None or runtime.is_leaving
        )
        return replace(found, leaving=leaving, gone=gone) if leaving else found

    def store_look(self, node: str, look: PodsLook) -> tuple[str, ...]:
        """Take in who is on a node; return the keys to be reconciled.

        It is kept until the run that needs it has ended: no pod is watched.
        """
        before = self._looks.get(node)
        evictions = before.evictions if before is not None else {}
        uids = {pod.uid for pod in look.pods}
        kept = {uid: eviction for uid, eviction in evictions.items() if uid in uids}
        self._looks[node] = replace(look, evictions=kept)
        return (node_key(node),)

    def store_eviction(self, node: str, uid: str, eviction: Eviction) -> None:
        """Take in what came of our try to evict a pod."""
        look = self._looks.get(node)
        if look is not None:
            self._looks[node] = replace(look, evictions={**look.evictions, uid: eviction})

    def store_warnings(self, node: str, uid: str, told: str) -> tuple[str, ...]:
        """Take in what was told about a pod; return the keys to be reconciled."""
        self._warnings[uid] = told
        return (node_key(node),)

    def _forget_look(self, node: str) -> None:
        wasm_node = self.wasm_nodes.get(node)
        if wasm_node is None or not wasm_node.is_in_flight:
            self._looks.pop(node, None)

    def jobs_of(self, node: str) -> tuple[JobRecord, ...]:
        """Return the Jobs of one node."""
        return self._work_of(self.jobs, JOBS.plural, node)

    def pods_of(self, node: str) -> tuple[PodRecord, ...]:
        """Return the pods of our Jobs on one node."""
        return self._work_of(self.pods, PODS.plural, node)

    def _work_of(self, store: Store[W], plural: str, node: str) -> tuple[W, ...]:
        found = (store.get(name) for name in self._work[plural].get(node_key(node), ()))
        return tuple(item for item in found if item is not None)

    def _forget_work(self, plural: str, key: str, name: str) -> None:
        known = self._work[plural].get(key, set())
        known.discard(name)
        if not known:
            self._work[plural].pop(key, None)


def node_key(node: str) -> str:
    """Return the key of one node's reconcile."""
    return f"{_NODE}{node}"


def node_of(key: str) -> str:
    """Return the node of such a key."""
    return key.removeprefix(_NODE)


def _of_fleet(_record: Record) -> tuple[str, ...]:
    return (FLEET,)


def _of_fleet_and_node(record: Record) -> tuple[str, ...]:
    return (FLEET, node_key(record.name))


def _of_work(record: Work) -> tuple[str, ...]:
    return (node_key(record.node),)
