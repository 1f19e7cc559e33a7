"""Nodes that change by themselves, on the real API server."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from integration.operator.api import NODES, WN, Raw
from integration.operator.behaviours import fails, succeeds
from integration.operator.world import World, wait
from wasmwright_operator.conditions import rfc3339

pytestmark = pytest.mark.integration

READY = "runtime.wasmwright.dev/spin"
ASKS = {"wasmwright.dev/runtimes": "spin"}
SOURCE = {
    "http": {
        "platforms": [
            {"arch": "amd64", "url": "https://example.org/shim.tar.gz", "sha256": "b" * 64}
        ]
    }
}
INFO = {
    "architecture": "amd64",
    "bootID": "boot-1",
    "containerRuntimeVersion": "containerd://1.7.28",
    "kernelVersion": "6.1",
    "kubeProxyVersion": "",
    "kubeletVersion": "v1.36.3",
    "machineID": "",
    "operatingSystem": "linux",
    "osImage": "lab",
    "systemUUID": "",
}


def report(world: World, *handlers: str, **info: str) -> None:
    """Let the kubelet of n1 tell of its node; without handlers it does not tell of them."""
    listed = [{"name": name} for name in handlers] or None
    status = {"nodeInfo": {**INFO, **info}, "runtimeHandlers": listed}
    world.api.merge(f"{NODES}/n1/status", {"status": status})


def provision(world: World, *handlers: str, **spec: object) -> None:
    world.declare("spin", **spec)
    world.add_node("n1")
    report(world, *handlers)
    world.api.merge(f"{NODES}/n1", {"metadata": {"annotations": ASKS}})
    world.wait_provisioned("n1")


def age(world: World, **ago: float) -> None:
    """Have the last run ended some time ago."""
    ended = rfc3339(datetime.now(UTC) - timedelta(**ago))
    world.api.merge(f"{WN}/n1/status", {"status": {"concludedAt": ended}})


def status(world: World) -> Raw:
    found: Raw = world.wasm_node("n1")["status"]
    return found


def failure(world: World) -> str:
    return str(status(world).get("lastError", {}).get("reason", ""))


def cause(world: World) -> str:
    return str(world.wasm_node("n1")["spec"]["cause"])


def told(world: World, name: str) -> list[str]:
    return [event["reason"] for event in world.events(name)]


def test_scenario_17__handler_that_the_kubelet_never_reports__is_not_ready(world: World) -> None:
    provision(world, "", "runc")
    world.kubelets.paused.set()

    age(world, seconds=121)

    wait(lambda: failure(world) == "HandlerNotServed")
    wait(lambda: world.labels("n1") == {READY: "failed"})
    wait(lambda: world.condition("spin", "Degraded").get("reason") == "HandlerNotServed")
    wait(lambda: len(world.jobs("n1")) == 2)
    world.kubelets.resume()
    wait(lambda: status(world)["failures"] == 2)
    assert failure(world) == "HandlerNotServed", "another success does not make it true"

    report(world, "runc", "spin", "")
    world.wait_provisioned("n1")
    assert "lastError" not in status(world)
    assert len(world.jobs("n1")) == 2, "a kubelet that was late needs no run"


def test_scenario_17__kubelet_that_reports_nothing__the_run_is_believed(world: World) -> None:
    provision(world)
    before = world.versions()
    age(world, hours=3)
    wait(lambda: world.versions() != before)
    assert world.labels("n1")[READY] == "ready"
    assert len(world.jobs("n1")) == 1
    age(world, hours=29)
    wait(lambda: cause(world) == "Verify")
    wait(lambda: status(world)["concludedAttempt"] == 2)
    assert world.labels("n1")[READY] == "ready"


def test_scenario_39__node_of_the_same_name_and_labels__is_installed_anew(world: World) -> None:
    provision(world, "", "runc", "spin")
    first = world.api.get(f"{NODES}/n1")["metadata"]
    old = world.wasm_node("n1")["metadata"]["uid"]
    world.kubelets.paused.set()

    world.api.delete(f"{NODES}/n1")
    world.add_node("n1", labels=first["labels"], annotations=ASKS)

    wait(lambda: world.wasm_node("n1").get("metadata", {}).get("uid", old) != old)
    wait(lambda: READY not in world.labels("n1"))
    world.kubelets.resume()
    world.wait_provisioned("n1")
    assert cause(world) == "Install"


def test_scenario_40__reboot__is_looked_at_and_the_label_stays(world: World) -> None:
    provision(world, "", "runc", "spin")
    world.kubelets.paused.set()

    report(world, "", "runc", "spin", bootID="boot-2")

    wait(lambda: cause(world) == "Rebooted")
    assert world.labels("n1")[READY] == "ready"
    world.kubelets.resume()
    wait(lambda: status(world).get("bootId") == "boot-2")
    assert len(world.jobs("n1")) == 2


def test_scenario_40__reboot_that_wiped_the_disk__is_drift_and_installs_again(
    world: World,
) -> None:
    gone = fails(20, "ArtifactMissing", "the binary of runtime 'spin' is not on the node")
    provision(world, "", "runc", "spin", source=SOURCE)
    documents: list[Raw] = []

    def wiped(document: Raw) -> Raw:
        documents.append(document)
        return gone(document)

    def mended(document: Raw) -> Raw:
        documents.append(document)
        return succeeds(document)

    world.kubelets.script["n1"].extend((wiped, mended))

    report(world, "", "runc", "spin", bootID="boot-2")

    wait(lambda: len(documents) == 2)
    wait(lambda: status(world)["concludedAttempt"] == 3)
    assert (status(world)["drifts"], cause(world)) == (1, "Drifted")
    assert documents[1].get("stored", []) == [], "everything is fetched again"
    world.wait_provisioned("n1")
    assert not status(world)["failingSince"]


def test_scenario_40__container_runtime_exchanged__is_configured_again(world: World) -> None:
    provision(world)

    report(world, "", "runc", "spin", containerRuntimeVersion="containerd://2.3.4")

    wait(lambda: cause(world) == "ContainerRuntimeChanged")
    wait(lambda: status(world).get("kubeletRuntime") == "containerd://2.3.4")
    assert len(world.jobs("n1")) == 2


def test_scenario_41__handler_that_disappears__is_drift_and_repaired(world: World) -> None:
    provision(world, "", "runc", "spin")
    age(world, hours=1)
    world.kubelets.paused.set()

    report(world, "", "runc")

    wait(lambda: world.labels("n1") == {READY: "failed"})
    wait(lambda: world.condition("spin", "Degraded").get("reason") == "NodesDrifted")
    counts = world.runtime("spin")["status"]["nodes"]
    assert (counts["drifted"], counts.get("failed", 0)) == (1, 0)
    wait(lambda: cause(world) == "Drifted")
    world.kubelets.resume()
    world.wait_provisioned("n1")
    report(world, "", "runc", "spin")
    wait(lambda: world.condition("spin", "Ready").get("status") == "True")
    assert status(world)["drifts"] == 1
    assert told(world, "spin").count("DriftDetected") == 1
    assert told(world, "n1") == []


def test_scenario_41__label_taken_away_again_and_again__is_put_back_ever_more_slowly(
    world: World,
) -> None:
    provision(world)
    before = len(world.operator.lines)
    for _ in range(5):
        world.api.merge(f"{NODES}/n1", {"metadata": {"labels": {READY: None}}})
        wait(lambda: world.labels("n1").get(READY) == "ready")

    wait(lambda: "LabelsContested" in told(world, "n1"))
    lines = world.operator.lines[before:]
    times = [
        datetime.strptime(line["time"], "%Y-%m-%d %H:%M:%S,%f").replace(tzinfo=UTC)
        for line in lines
        if line["message"] == "LabelNode"
    ]
    pauses = [(after - at).total_seconds() for at, after in pairwise(times)]
    assert len(pauses) == 4, "one write for each time"
    assert pauses[2] >= 2
    assert pauses[3] >= 4
