"""Takes in what is told of the cluster, and answers with the keys of the plans concerned.

Three sources feed it: lists, watch events, and the answers to our own writes.
"""

from dataclasses import replace
from typing import Final

from wasmwright_operator.cache.ends import Ends
from wasmwright_operator.cache.keys import node_key
from wasmwright_operator.cache.looks import Looks
from wasmwright_operator.cache.store import version_of
from wasmwright_operator.cache.stores import Stores
from wasmwright_operator.cache.views import view_fleet, view_node
from wasmwright_operator.fleet.snapshot import FleetPolicy, Snapshot
from wasmwright_operator.kube.port import WASM_NODES, WASM_RUNTIMES, Raw
from wasmwright_operator.node import NodeView
from wasmwright_operator.records import JobRecord, PodRecord, parse_node


class Cache(Stores):
    """All stores, and what they cannot hold: ends, and answers about what is not watched."""

    def __init__(self, policy: FleetPolicy) -> None:
        super().__init__()
        self._policy = policy
        self._ends = Ends()
        self.looks: Final = Looks()

    def observe(self, plural: str, raw: Raw) -> tuple[str, ...]:
        """Take in an object; return the keys to be reconciled."""
        if plural == WASM_RUNTIMES.plural:
            return self._observe_runtime(raw)
        keys = self.store_of(plural).observe(raw)
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

    def remove(self, plural: str, name: str, uid: str) -> tuple[str, ...]:
        """Take in that an object is gone; return the keys to be reconciled."""
        store = self.store_of(plural)
        gone = store.get(name)
        if gone is not None and gone.uid == uid:
            self._ends.take(gone)
            self.looks.forget_warnings(uid)
        keys = store.remove(name, uid)
        if plural == WASM_NODES.plural:
            self._ends.forget(owner=uid)
            self._forget_look(name)
        is_runtime = plural == WASM_RUNTIMES.plural
        return (*keys, *self._holders(name)) if keys and is_runtime else keys

    def _forget_look(self, node: str) -> None:
        wasm_node = self.wasm_nodes.get(node)
        if wasm_node is None or not wasm_node.is_in_flight:
            self.looks.forget_look(node)

    def snapshot(self) -> Snapshot:
        """Return what the fleet plan looks at."""
        return view_fleet(self, self._ends, self._policy)

    def node_view(self, node: str) -> NodeView:
        """Return what the plan of one node looks at, beside its Jobs and pods."""
        return view_node(node, self, self._ends, self.looks)

    def jobs_of(self, node: str) -> tuple[JobRecord, ...]:
        """Return the Jobs of one node."""
        return self.jobs.on(node)

    def pods_of(self, node: str) -> tuple[PodRecord, ...]:
        """Return the pods of our Jobs on one node."""
        return self.pods.on(node)
