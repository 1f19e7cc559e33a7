"""Fleets of thousands of nodes in the middle of a rollout, or long after it."""

from datetime import timedelta
from typing import Final

from unit.operator import given
from unit.operator.driver import NAMESPACE, TEMPLATE
from unit.operator.fake_kube import FakeKube
from wasmwright_installer.contract import ExitCode
from wasmwright_operator import names
from wasmwright_operator.actions import Action, WriteNodeStatus
from wasmwright_operator.cache import Cache
from wasmwright_operator.executor import Executor
from wasmwright_operator.fleet import FleetPolicy, Memo, Snapshot, plan_fleet
from wasmwright_operator.kube.port import NODES, WASM_RUNTIMES
from wasmwright_operator.node.conclusion import conclude
from wasmwright_operator.node.outcome import Outcome
from wasmwright_operator.records import NodeRecord, WasmNodeRecord

RUNTIMES: Final = ("spin", "slight", "wasmtime")
_FIRST: Final = 1_000_000
"""Version of the first Node: of the API server, and not of the fake, which knows no Nodes."""


class LargeFleet:
    """Nodes on which every run succeeds; a plan is carried out as the operator would."""

    def __init__(self, nodes: int, *, parallel: int, runtimes: tuple[str, ...] = RUNTIMES) -> None:
        self.now = given.NOW
        self.cache = Cache(FleetPolicy())
        self.kube = FakeKube()
        self.memo = Memo()
        self._executor = Executor(
            self.kube, self.cache, TEMPLATE, namespace=NAMESPACE, clock=lambda: self.now
        )
        for number in range(nodes):
            self.cache.observe(NODES.plural, _node(number))
        for name in runtimes:
            raw = self.kube.put(WASM_RUNTIMES.plural, _runtime(name, parallel))
            self.cache.observe(WASM_RUNTIMES.plural, raw)

    def plan(self) -> tuple[Action, ...]:
        return plan_fleet(self.snapshot(), self.now, self.memo)

    def snapshot(self) -> Snapshot:
        return self.cache.snapshot()

    async def roll_out(self, share: float) -> None:
        """Go on until that share of the nodes is done, and as many change as may."""
        goal = share * len(self.snapshot().nodes)
        while len(self._done()) < goal:
            for record in self._in_flight():
                await self._conclude(record)
            self.now += timedelta(seconds=60)
            await self._settle()

    async def _settle(self) -> None:
        while await self._carry_out(self.plan()):
            self.kube.events.clear()

    async def _carry_out(self, actions: tuple[Action, ...]) -> int:
        """Make the first write to each object, as later ones were decided on its old version."""
        done = set()
        for action in actions:
            write = self._executor.render(action)
            if write is not None and (write.resource, write.name) not in done:
                done.add((write.resource, write.name))
                await self._executor.execute(action, write)
        return len(done)

    async def _conclude(self, record: WasmNodeRecord) -> None:
        ready = given.result(*(entry.name for entry in record.spec.runtimes), hash=record.spec.hash)
        outcome = Outcome("Done", "", exit_code=ExitCode.DONE, result=ready)
        status = conclude(self._node_of(record), record, outcome, self.now)
        await self._carry_out((WriteNodeStatus(record.name, record.resource_version, status),))

    def _node_of(self, record: WasmNodeRecord) -> NodeRecord:
        node = self.cache.nodes.get(record.name)
        assert node is not None
        return node

    def _in_flight(self) -> list[WasmNodeRecord]:
        return [item for item in self.cache.wasm_nodes if item.is_in_flight]

    def _done(self) -> list[WasmNodeRecord]:
        return [item for item in self.cache.wasm_nodes if not item.is_in_flight]


def _node(number: int) -> given.Raw:
    labels = {
        "kubernetes.io/os": "linux",
        "kubernetes.io/hostname": f"node-{number:05}",
        names.ARCH_LABEL: "amd64",
        names.ZONE_LABEL: f"zone-{number % 3}",
    }
    metadata = {"name": f"node-{number:05}", "uid": f"node-{number}-uid", "labels": labels}
    info = {
        "containerRuntimeVersion": "containerd://1.7.28",
        "kubeletVersion": "v1.36.3",
        "bootID": f"boot-of-{number}",
    }
    version = {"resourceVersion": str(_FIRST + number)}
    return {"metadata": metadata | version, "status": {"nodeInfo": info}}


def _runtime(name: str, parallel: int) -> given.Raw:
    rollout = {"maxParallel": parallel, "maxUnavailable": "100%"}
    spec = {"source": given.http("amd64", "arm64"), "placement": {"nodeSelector": {}}}
    return {
        "kind": WASM_RUNTIMES.kind,
        "metadata": {"name": name},
        "spec": {**spec, "rollout": rollout},
    }
