"""What happens to a node's pods around a run: against real budgets, cordons and taints."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from integration.operator.api import NAMESPACES, NODES, WRT, Api, ApiRefusedError, Raw
from integration.operator.behaviours import fails
from integration.operator.kubelets import Kubelets
from integration.operator.world import OperatorProcess, World, wait
from localcluster import Cluster
from wasmwright_operator import names
from wasmwright_operator.actions import CordonNode
from wasmwright_operator.manifests.writes import render_write

pytestmark = pytest.mark.integration

READY = "runtime.wasmwright.dev/spin"
EVERYWHERE = {"nodeSelector": {}}
SHOP = f"{NAMESPACES}/shop"
PODS = f"{SHOP}/pods"
OWNERS = f"{SHOP}/configmaps"
BUDGETS = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets"
IN_USE = fails(
    40, "RestartWouldOrphanPods", "wasm pods run", blockingPods=["shop/wasm-0"], runtimes=[]
)
FAILS = fails(31, "RolledBack", "it was undone")


class Shop:
    """Somebody's pods on the nodes, whose kubelets are played here."""

    def __init__(self, api: Api) -> None:
        self.api = api
        with suppress(ApiRefusedError):  # an earlier test made it
            api.create(NAMESPACES, {"metadata": {"name": "shop"}})
        wait(lambda: api.get(f"{SHOP}/serviceaccounts/default"))
        self.owner = api.create(OWNERS, {"metadata": {"name": "web"}})
        """Stands for a controller: without an owner that is there pods are collected."""

    def add_pod(self, name: str, node: str = "n1", **labels: str) -> None:
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "web", "controller": True}
        owner["uid"] = self.owner["metadata"]["uid"]
        metadata = {"name": name, "labels": {"app": "web", **labels}, "ownerReferences": [owner]}
        spec = {"nodeName": node, "containers": [{"name": "c", "image": "i"}]}
        self.api.create(PODS, {"metadata": metadata, "spec": spec})
        ready = {"type": "Ready", "status": "True"}
        status = {"phase": "Running", "conditions": [ready]}
        self.api.merge(f"{PODS}/{name}/status", {"status": status})

    def guard(self) -> None:
        """Let no pod be evicted, and wait until that is known."""
        spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
        self.api.create(BUDGETS, {"metadata": {"name": "guard"}, "spec": spec})
        wait(lambda: self.api.get(f"{BUDGETS}/guard").get("status", {}).get("currentHealthy"))

    def names(self) -> set[str]:
        """Return the pods that are there, after letting go of those that were asked to leave."""
        for pod in self.api.items(PODS):
            if "deletionTimestamp" in pod["metadata"]:
                self.api.delete(f"{PODS}/{pod['metadata']['name']}", gracePeriodSeconds=0)
        return {pod["metadata"]["name"] for pod in self.api.items(PODS)}

    def close(self) -> None:
        self.api.delete(BUDGETS)
        self.api.delete(PODS, gracePeriodSeconds=0)
        self.api.delete(f"{OWNERS}/web")


Start = Callable[[Path], World]


@pytest.fixture
def start(api: Api, control_plane: Cluster, tmp_path: Path) -> Iterator[Start]:
    """Start an operator with the rights of one kubeconfig."""
    worlds: list[World] = []
    with Kubelets(control_plane.kubeconfig) as kubelets:

        def start(kubeconfig: Path) -> World:
            operator = OperatorProcess(kubeconfig, tmp_path / "operator.log")
            worlds.append(World(api, kubelets, operator))
            operator.start()
            return worlds[-1]

        try:
            yield start
        finally:
            for world in worlds:
                world.clean()


@pytest.fixture
def world(start: Start, evicting_kubeconfig: Path) -> World:
    """An operator that may send pods away."""
    return start(evicting_kubeconfig)


@pytest.fixture
def shop(api: Api) -> Iterator[Shop]:
    shop = Shop(api)
    yield shop
    shop.close()


def declare(world: World, **rollout: Any) -> None:
    world.declare("spin", placement=EVERYWHERE, rollout=rollout)


def cordoned(world: World, name: str) -> tuple[bool, str | None]:
    """Return whether a node is cordoned, and our mark on it."""
    node = world.api.get(f"{NODES}/{name}")
    mark = node["metadata"].get("annotations", {}).get(names.CORDONED)
    return bool(node["spec"].get("unschedulable")), mark


def ready(world: World, name: str = "n1") -> tuple[str, str]:
    """Return reason and message of a WasmNode's condition Ready."""
    conditions = world.wasm_node(name).get("status", {}).get("conditions", [])
    found = next((it for it in conditions if it["type"] == "Ready"), {})
    return found.get("reason", ""), found.get("message", "")


def test_cordon__of_an_administrator__stays__and_ours_goes_after_success(world: World) -> None:
    world.add_node("n1")
    world.add_node("n2")
    world.api.merge(f"{NODES}/n1", {"spec": {"unschedulable": True}})
    world.kubelets.paused.set()
    declare(world, disruption={"mode": "Cordon"}, maxUnavailable="100%")
    wait(lambda: world.jobs("n1") and world.jobs("n2"))

    uid = world.wasm_node("n2")["metadata"]["uid"]
    assert cordoned(world, "n1") == (True, None)
    assert cordoned(world, "n2") == (True, f"{uid}/1")

    world.kubelets.resume()
    world.wait_provisioned("n1", "n2")
    wait(lambda: cordoned(world, "n2") == (False, None))
    assert cordoned(world, "n1") == (True, None)


def test_our_cordon__of_a_run_that_fails__goes_though_the_operator_died_meanwhile(
    world: World,
) -> None:
    world.add_node("n1")
    world.kubelets.always["n1"] = FAILS
    world.kubelets.paused.set()
    declare(world, disruption={"mode": "Cordon"})
    wait(lambda: world.jobs("n1"))
    assert cordoned(world, "n1")[0]

    world.operator.kill()
    world.kubelets.resume()
    wait(lambda: world.jobs("n1")[0].get("status", {}).get("failed"))
    assert cordoned(world, "n1")[0]
    world.api.delete(f"{NAMESPACES}/wasmwright-system/leases")
    world.operator.start()

    wait(lambda: cordoned(world, "n1") == (False, None))
    assert ready(world)[0] == "RolledBack"


def test_our_cordon__when_the_runtime_goes__goes_too(world: World) -> None:
    world.add_node("n1")
    world.kubelets.paused.set()
    declare(world, disruption={"mode": "Cordon"})
    wait(lambda: world.jobs("n1"))

    world.api.delete(f"{WRT}/spin")
    world.kubelets.resume()

    world.wait_given_back("n1")
    assert cordoned(world, "n1") == (False, None)
    wait(lambda: not world.runtime("spin"))


def test_cordon__of_a_node_that_was_cordoned_meanwhile__is_refused(api: Api) -> None:
    node = api.create(NODES, {"metadata": {"name": "n1", "annotations": {"theirs": "x"}}})
    try:
        write = render_write(CordonNode("n1", node["metadata"]["uid"], "mark"))
        api.merge(f"{NODES}/n1", {"spec": {"unschedulable": True}})
        assert patched(api, "n1", write.body) == 422
        assert names.CORDONED not in api.get(f"{NODES}/n1")["metadata"].get("annotations", {})

        api.merge(f"{NODES}/n1", {"spec": {"unschedulable": None}})
        outdated = render_write(
            CordonNode("n1", node["metadata"]["uid"], "mark", is_annotated=False)
        )
        assert patched(api, "n1", outdated.body) == 422
        assert patched(api, "n1", write.body) == 200
        assert api.get(f"{NODES}/n1")["metadata"]["annotations"]["theirs"] == "x"
        assert patched(api, "n1", write.body) == 422
    finally:
        api.delete(f"{NODES}/n1")


def patched(api: Api, node: str, operations: list[Raw]) -> int:
    headers = {"Content-Type": "application/json-patch+json"}
    return api.client.patch(f"{NODES}/{node}", json=operations, headers=headers).status_code


def test_drain__waits_for_its_budget__fails_in_time__and_succeeds_when_it_may(
    world: World, shop: Shop
) -> None:
    world.add_node("n1")
    shop.add_pod("web-0")
    shop.guard()
    declare(world, disruption={"mode": "Drain", "drain": {"timeout": "6s"}})

    told = wait(lambda: "guard" in ready(world)[1] and ready(world))
    assert told[0] == "Draining"
    assert "shop/web-0" in told[1]
    assert cordoned(world, "n1")[0]
    wait(lambda: ready(world)[0] == "DrainFailed")
    assert "guard" in ready(world)[1]
    wait(lambda: cordoned(world, "n1") == (False, None))
    assert shop.names() == {"web-0"}
    assert world.jobs("n1") == []
    assert world.wait_event("spin", "DrainFailed")["type"] == "Warning"

    world.api.delete(f"{BUDGETS}/guard")
    world.annotate("n1", retry="now")
    wait(lambda: shop.names() == set())
    world.wait_provisioned("n1")
    wait(lambda: cordoned(world, "n1") == (False, None))


def test_drain__without_the_right_to_it__says_which_value_gives_it(
    start: Start, operator_kubeconfig: Path
) -> None:
    world = start(operator_kubeconfig)
    world.add_node("n1")
    declare(world, disruption={"mode": "Drain"})

    wait(lambda: ready(world)[0] == "PodsForbidden")

    assert "rbac.evictPods" in ready(world)[1]
    assert cordoned(world, "n1") == (False, None)


def test_blocking_pods__delay_the_node_until_they_have_ended(world: World, shop: Shop) -> None:
    world.add_node("n1")
    shop.add_pod("db-0", role="database")
    declare(world, blockingPods=[{"matchLabels": {"role": "database"}}])

    wait(lambda: ready(world)[0] == "BlockingPods")
    assert world.wasm_node("n1")["status"]["blockingPods"] == ["shop/db-0"]
    assert world.jobs("n1") == []

    world.api.merge(f"{PODS}/db-0/status", {"status": {"phase": "Succeeded"}})
    world.wait_provisioned("n1")


def test_evict__sends_away_what_the_installer_named__and_nothing_else(
    world: World, shop: Shop
) -> None:
    world.add_node("n1")
    world.kubelets.script["n1"].append(IN_USE)
    shop.add_pod("wasm-0")
    shop.add_pod("web-0")
    declare(world, disruption={"wasmPods": "Evict"})

    wait(lambda: shop.names() == {"web-0"})
    world.wait_provisioned("n1")

    assert len(world.jobs("n1")) == 2
    assert cordoned(world, "n1") == (False, None)
    assert world.wasm_node("n1")["status"].get("blockingPods", []) == []


def test_startup_taint__goes_after_the_proof__and_others_stay(world: World) -> None:
    world.kubelets.paused.set()
    world.add_node("n1")
    born = {"key": "example.com/no-wasm", "effect": "NoSchedule", "value": "x"}
    other = {"key": "example.com/other", "effect": "PreferNoSchedule"}
    world.api.merge(f"{NODES}/n1", {"spec": {"taints": [born, other]}})
    world.declare("spin", placement={**EVERYWHERE, "startupTaints": [{"key": born["key"]}]})
    wait(lambda: world.jobs("n1"))
    assert born["key"] in taints(world)

    world.kubelets.resume()

    world.wait_provisioned("n1")
    wait(lambda: born["key"] not in taints(world))
    assert other["key"] in taints(world)


def taints(world: World) -> set[str]:
    spec = world.api.get(f"{NODES}/n1")["spec"]
    return {taint["key"] for taint in spec.get("taints", [])}
