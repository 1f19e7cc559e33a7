"""Nodes get what they ask for, and give it back."""

import pytest

from integration.operator.api import CLASSES, NODES, WRT
from integration.operator.behaviours import evicted, fails, fetch_fails
from integration.operator.world import World, wait

pytestmark = pytest.mark.integration

READY = "runtime.wasmwright.dev/spin"


def test_annotation__installs_with_one_job_and_four_writes_about_the_node(world: World) -> None:
    world.declare("spin", version="1.2")
    world.add_node("n1")
    wait(lambda: world.condition("spin", "Ready"))
    before = len(world.operator.lines)

    world.annotate("n1", runtimes="spin")
    world.wait_provisioned("n1")

    assert world.labels("n1") == {READY: "ready", "wasmwright.dev/provisioned": "true"}
    assert len(world.jobs("n1")) == 1
    status = wait(lambda: world.wasm_node("n1").get("status"))
    assert (status["state"], status["summary"]) == ("Ready", "spin ready")
    found = wait(lambda: world.api.get(f"{CLASSES}/spin"))
    assert found["handler"] == "spin"
    assert found["scheduling"]["nodeSelector"] == {READY: "ready"}
    wait(lambda: world.condition("spin", "Ready").get("status") == "True")
    assert world.runtime("spin")["status"]["summary"] == "1/1 ready"
    about_node = [
        write
        for write in world.operator.writes(before)
        if write not in {"WriteRuntimeStatus", "ApplyRuntimeClass", "ReserveSlots"}
    ]
    assert about_node == ["CreateWasmNode", "CreateJob", "WriteNodeStatus", "LabelNode"]


def test_annotation__removed__gives_the_node_back(world: World) -> None:
    world.declare("spin")
    world.add_node("n1", annotations={"wasmwright.dev/runtimes": "spin"})
    world.wait_provisioned("n1")
    wait(lambda: world.api.get(f"{CLASSES}/spin"))

    world.annotate("n1", runtimes=None)

    world.wait_given_back("n1")
    assert world.api.get(f"{CLASSES}/spin"), "it goes with the runtime, not before"
    wait(lambda: world.condition("spin", "Ready").get("reason") == "NoEligibleNodes")


def test_kwasm_key__as_annotation_or_label__asks_for_the_compatibility_set(world: World) -> None:
    world.declare("spin")
    world.add_node("n1", annotations={"kwasm.sh/kwasm-node": "true"})
    world.add_node("n2", labels={"kwasm.sh/kwasm-node": "true"})
    world.wait_provisioned("n1", "n2")

    assert world.labels("n1")["kwasm.sh/kwasm-provisioned"] == "n1"
    world.annotate("n1", kwasm=None)
    world.wait_given_back("n1")


def test_node_selector__places_it_on_labelled_nodes_that_do_not_opt_out(world: World) -> None:
    world.declare("spin", placement={"nodeSelector": {"matchLabels": {"pool": "wasm"}}})
    world.add_node("n1", labels={"pool": "wasm"})
    world.add_node("n2", labels={"pool": "wasm"}, annotations={"kwasm.sh/kwasm-node": "false"})
    world.add_node("n3")
    world.wait_provisioned("n1")

    assert world.wasm_node("n2") == world.wasm_node("n3") == {}
    world.api.merge(f"{NODES}/n1", {"metadata": {"labels": {"pool": None}}})
    world.wait_given_back("n1")


def test_unknown_name__is_told_once_and_the_others_are_served(world: World) -> None:
    world.declare("spin")
    world.add_node("n1", annotations={"wasmwright.dev/runtimes": "spin, nonesuch"})

    wait(lambda: world.labels("n1").get(READY) == "ready")
    conditions = {c["type"]: c for c in world.wasm_node("n1")["status"]["conditions"]}
    assert conditions["Accepted"]["reason"] == "UnknownRuntime"
    assert "nonesuch" in conditions["Accepted"]["message"]
    assert "wasmwright.dev/provisioned" not in world.labels("n1")
    warnings = [event for event in world.events("n1") if event["type"] == "Warning"]
    assert [event["reason"] for event in warnings] == ["UnknownRuntime"]

    world.declare("nonesuch")
    world.wait_provisioned("n1")


def test_max_parallel__of_one__is_never_exceeded(world: World) -> None:
    world.declare("spin", rollout={"maxParallel": 1})
    for name in ("n1", "n2", "n3"):
        world.add_node(name, annotations={"wasmwright.dev/runtimes": "spin"})

    world.wait_provisioned("n1", "n2", "n3")

    assert world.kubelets.most_at_once == 1
    assert sorted(world.kubelets.ran) == ["n1", "n2", "n3"]


@pytest.mark.parametrize(
    ("behaviour", "reason", "state"),
    [
        (fails(31, "RolledBack", "containerd did not start"), "RolledBack", "Failed"),
        (fails(10, "UnsupportedNode", "talos"), "UnsupportedNode", "Unsupported"),
        (fetch_fails("DigestMismatch"), "DigestMismatch", "Failed"),
        (evicted, "PodEvicted", "Failed"),
    ],
    ids=["rolled-back", "unsupported", "digest", "evicted"],
)
def test_failed_job__tells_its_reason_on_node_and_runtime_and_a_token_retries(
    world: World, behaviour: object, reason: str, state: str
) -> None:
    world.kubelets.script["n1"].append(behaviour)  # type: ignore[arg-type]
    world.declare("spin")
    world.add_node("n1", annotations={"wasmwright.dev/runtimes": "spin"})

    status = wait(lambda: _after_failure(world, "n1"))
    assert (status["state"], status["lastError"]["reason"]) == (state, reason)
    assert bool(status.get("nextRetry")) == (state == "Failed")
    wait(lambda: world.labels("n1") == {READY: "failed"})
    wait(lambda: world.condition("spin", "Degraded").get("reason") == reason)
    failure = world.runtime("spin")["status"]["failures"][0]
    assert (failure["node"], failure["reason"], failure["attempts"]) == ("n1", reason, 1)

    world.annotate("n1", retry="now")
    world.wait_provisioned("n1")
    assert "lastError" not in world.wasm_node("n1")["status"]
    assert len(world.jobs("n1")) == 2
    wait(lambda: world.condition("spin", "Degraded").get("status") == "False")


def test_blocked_removal__tells_the_pods_and_ends_when_they_are_gone(world: World) -> None:
    world.declare("spin")
    world.add_node("n1", annotations={"wasmwright.dev/runtimes": "spin"})
    world.wait_provisioned("n1")
    in_use = fails(40, "PodsInUse", "in use by default/web", blockingPods=["default/web"])
    world.kubelets.always["n1"] = in_use

    wait(lambda: world.api.get(f"{CLASSES}/spin"))
    world.api.delete(f"{WRT}/spin")

    blocked = wait(lambda: _true(world.condition("spin", "DeletionBlocked")))
    assert blocked["reason"] == "PodsInUse"
    assert "n1 (default/web)" in blocked["message"]
    assert world.wasm_node("n1")["status"]["state"] == "Blocked"
    assert world.labels("n1") == {READY: "removing"}
    assert world.api.get(f"{CLASSES}/spin"), "the class goes last"

    del world.kubelets.always["n1"]
    wait(lambda: not world.runtime("spin"), within=30)
    assert world.api.get(f"{CLASSES}/spin") == {}
    wait(lambda: _ready(world, "n1").get("reason") == "UnknownRuntime")
    assert world.labels("n1") == {}
    assert world.events("n1") == [], "the end of a runtime is no news about each of its nodes"
    world.annotate("n1", runtimes=None)
    world.wait_given_back("n1")


def test_node_created_again_under_its_name__is_another_node(world: World) -> None:
    world.declare("spin")
    world.add_node("n1", annotations={"wasmwright.dev/runtimes": "spin"})
    world.wait_provisioned("n1")
    old = world.wasm_node("n1")["metadata"]["uid"]
    labels = world.api.get(f"{NODES}/n1")["metadata"]["labels"]

    world.api.delete(f"{NODES}/n1")
    world.add_node("n1", labels=labels, annotations={"wasmwright.dev/runtimes": "spin"})

    wait(lambda: world.wasm_node("n1").get("metadata", {}).get("uid", old) != old)
    world.wait_provisioned("n1")
    assert world.kubelets.ran == ["n1", "n1"]


def test_labels_changed_by_somebody__are_put_right(world: World) -> None:
    world.declare("spin")
    world.add_node("n1", annotations={"wasmwright.dev/runtimes": "spin"})
    world.add_node("n2", labels={READY: "ready"})
    world.wait_provisioned("n1")
    wait(lambda: not world.labels("n2"))

    world.api.merge(f"{NODES}/n1", {"metadata": {"labels": {READY: "failed"}}})

    wait(lambda: world.labels("n1").get(READY) == "ready")


def _after_failure(world: World, node: str) -> dict[str, object] | None:
    status = world.wasm_node(node).get("status", {})
    return status if "lastError" in status else None


def _ready(world: World, node: str) -> dict[str, str]:
    conditions = world.wasm_node(node)["status"]["conditions"]
    return next(item for item in conditions if item["type"] == "Ready")


def _true(condition: dict[str, str]) -> dict[str, str] | None:
    return condition if condition.get("status") == "True" else None
