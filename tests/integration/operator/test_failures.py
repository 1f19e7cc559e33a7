"""Runs that fail, on the real API server with its Job controller."""

import pytest

from integration.operator.api import NAMESPACES, NODES, Raw
from integration.operator.behaviours import Behaviour, ended, fails, fetch_fails, hangs
from integration.operator.kubelets import NAMESPACE
from integration.operator.world import JOBS, World, wait

pytestmark = pytest.mark.integration

QUOTAS = f"{NAMESPACES}/{NAMESPACE}/resourcequotas"
JOB_COUNT = "count/jobs.batch"
READY = "runtime.wasmwright.dev/spin"
ASKS = {"wasmwright.dev/runtimes": "spin"}


def status(world: World) -> Raw:
    found: Raw = world.wasm_node("n1").get("status", {})
    return found


def test_scenario_11__run_that_fails_again_and_again__is_left_alone_until_a_token_comes(
    world: World,
) -> None:
    world.kubelets.always["n1"] = fails(31, "RolledBack", "containerd did not start")
    world.declare("spin", rollout={"maxAttempts": 2, "maxFailures": 100})
    world.add_node("n1", annotations=ASKS)

    wait(lambda: status(world).get("failures") == 1)
    first = status(world)
    assert first["lastError"]["reason"] == "RolledBack"
    assert first["nextRetry"] > first["concludedAt"]
    wait(lambda: status(world).get("failures") == 2, within=40)
    second = status(world)
    assert "nextRetry" not in second or not second["nextRetry"]
    assert second["failingSince"] == first["failingSince"] == first["concludedAt"]
    assert "wasmwright.dev/retry" in second["lastError"]["message"]
    assert len(world.jobs("n1")) == 2

    del world.kubelets.always["n1"]
    world.annotate("n1", retry="again")
    world.wait_provisioned("n1")
    assert len(world.jobs("n1")) == 3
    assert not status(world).get("failingSince")


def out_of_pods(_document: Raw) -> Raw:
    """The kubelet has no room for one more pod."""
    message = "Pod was rejected: Node didn't have enough resource: pods"
    return {"phase": "Failed", "reason": "OutOfpods", "message": message}


def test_scenario_14__kubelet_rejects_the_pod__is_told_and_tried_again(world: World) -> None:
    world.kubelets.script["n1"].append(out_of_pods)
    world.declare("spin", rollout={"maxFailures": 1})
    world.add_node("n1", annotations=ASKS)

    error = wait(lambda: status(world).get("lastError"))

    assert error["reason"] == "PodRefused"
    assert "enough resource: pods" in error["message"]
    assert status(world)["nextRetry"]
    world.annotate("n1", retry="there is room now")
    world.wait_provisioned("n1")


@pytest.mark.parametrize("is_dead", [False, True], ids=["installer-hangs", "node-dead"])
def test_scenario_14__run_that_does_not_end__frees_its_slot_at_the_deadline(
    world: World,
    is_dead: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    world.kubelets.always["n1"] = hangs
    world.declare("spin", rollout={"maxParallel": 1, "maxFailures": 1, "maxUnavailable": "100%"})
    world.add_node("n1", annotations=ASKS)
    wait(lambda: is_running(world, "n1"))
    world.add_node("n2", annotations=ASKS)
    if is_dead:
        world.kubelets.silent.add("n1")
        world.report("n1", ready=False)
    assert world.jobs("n2") == [], "n1 has the only slot"

    name = run_out_of_time(world, "n1")

    wait(lambda: status(world).get("lastError", {}).get("reason") == "DeadlineExceeded")
    assert name in status(world)["lastError"]["message"]
    world.wait_provisioned("n2")
    assert world.labels("n1") == {READY: "failed"}
    assert len(world.jobs("n1")) == 1, "it is tried again later, and not while it is not Ready"


def is_running(world: World, node: str) -> bool:
    return any(job.get("status", {}).get("active") for job in world.jobs(node))


def run_out_of_time(world: World, node: str) -> str:
    """Let the only Job of a node be over its deadline, and that for a while; return its name."""
    (job,) = world.jobs(node)
    name = str(job["metadata"]["name"])
    path = f"{JOBS}/{name}"
    world.api.merge(path, {"spec": {"activeDeadlineSeconds": 1}})
    wait(lambda: doom(world.api.get(path)))
    found = world.api.get(path)["status"]["conditions"]
    if all(item["type"] != "Failed" for item in found):
        (target,) = found
        earlier = {**target, "lastTransitionTime": "2026-01-01T00:00:00Z"}
        world.api.merge(f"{path}/status", {"status": {"conditions": [earlier]}})
    return name


def doom(job: Raw) -> list[Raw]:
    found = job.get("status", {}).get("conditions", [])
    return [item for item in found if item.get("reason") == "DeadlineExceeded"]


def test_scenario_14__taint_that_comes_during_the_run__does_not_cut_it_off(world: World) -> None:
    world.kubelets.paused.set()
    world.declare("spin")
    world.add_node("n1", annotations=ASKS)
    wait(lambda: is_running(world, "n1"))

    taint = {"key": "example.org/maintenance", "effect": "NoExecute"}
    world.api.merge(f"{NODES}/n1", {"spec": {"taints": [taint]}})
    world.kubelets.resume()

    world.wait_provisioned("n1")
    assert world.kubelets.ran == ["n1"]


def no_image(_document: Raw) -> Raw:
    """The kubelet cannot make sense of the image's name."""
    waiting = {"reason": "InvalidImageName", "message": "couldn't parse image name"}
    container = {"name": "apply", "image": "?", "imageID": "", "ready": False, "restartCount": 0}
    return {
        "phase": "Pending",
        "containerStatuses": [{**container, "state": {"waiting": waiting}}],
    }


@pytest.mark.parametrize(
    ("behaviour", "reason", "advice"),
    [
        (no_image, "InvalidImageName", "correct the chart's installer image"),
        (fetch_fails("DigestMismatch"), "DigestMismatch", "not what it should be"),
        (fetch_fails("DownloadFailed"), "DownloadFailed", "not what it should be"),
        (fetch_fails("MemberNotFound"), "MemberNotFound", "not what it should be"),
    ],
    ids=["image", "digest", "not-found", "member"],
)
def test_scenario_15__nothing_to_install__says_which_thing_was_not_there(
    world: World, behaviour: Behaviour, reason: str, advice: str
) -> None:
    world.kubelets.script["n1"].append(behaviour)
    world.declare("spin")
    world.add_node("n1", annotations=ASKS)

    error = wait(lambda: status(world).get("lastError"))

    assert error["reason"] == reason
    assert advice in error["message"]
    wait(lambda: world.condition("spin", "Degraded").get("reason") == reason)
    assert world.labels("n1") == {READY: "failed"}


def disrupted(document: Raw) -> Raw:
    """The kubelet stopped the pod because its machine shuts down."""
    told = ended(143, document, reason="", message="")
    told["containerStatuses"][0]["state"]["terminated"]["message"] = ""
    condition = {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "TerminationByKubelet",
        "message": "the node shuts down",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    return {**told, "conditions": [condition]}


def test_scenario_15__pod_ended_by_the_cluster__is_tried_again_soon_and_blames_nobody(
    world: World,
) -> None:
    world.kubelets.script["n1"].append(disrupted)
    world.declare("spin")
    world.add_node("n1", annotations=ASKS)

    wait(lambda: status(world).get("lastError", {}).get("reason") == "PodEvicted")
    assert not status(world).get("failingSince")
    (job,) = world.jobs("n1")
    name = job["metadata"]["name"]
    wait(lambda: _says_why(world, name))
    world.wait_provisioned("n1")


def _says_why(world: World, name: str) -> bool:
    """Tell whether the Job's own status keeps that the cluster ended its pod."""
    found = next(job for job in world.jobs("n1") if job["metadata"]["name"] == name)
    told = found.get("status", {}).get("conditions", [])
    return any("has condition DisruptionTarget" in item.get("message", "") for item in told)


def test_scenario_46__job_that_is_not_admitted__says_by_whom(world: World) -> None:
    world.api.create(QUOTAS, {"metadata": {"name": "none"}, "spec": {"hard": {JOB_COUNT: "0"}}})
    try:
        wait(lambda: world.api.get(f"{QUOTAS}/none").get("status", {}).get("hard"))
        world.declare("spin")
        world.add_node("n1", annotations=ASKS)

        error = wait(lambda: status(world).get("lastError"))
        wait(lambda: world.condition("spin", "Degraded").get("reason") == "JobRefused")
    finally:
        world.api.delete(f"{QUOTAS}/none")

    assert error["reason"] == "JobRefused"
    assert "exceeded quota: none" in error["message"]
    assert world.jobs() == []
    world.wait_event("spin", "InstallFailed")
    world.annotate("n1", retry="it is allowed now")
    world.wait_provisioned("n1")
