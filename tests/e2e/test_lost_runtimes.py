"""What real nodes lose, how it is found out, and that they have it again without anybody's hand."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from localcluster import Node
from support.kube_view import containerd_boots, get, labels
from support.lab import Lab
from support.waiting import eventually

pytestmark = pytest.mark.e2e

LABEL = "runtime.wasmwright.dev/wasmtest"
DROP_IN = "etc/containerd/conf.d/wasmwright.toml"
LINKS = "opt/wasmwright/bin/wasmtest"
HOME = "opt/wasmwright"
BOOT_ID = "/proc/sys/kernel/random/boot_id"
ANOTHER_BOOT = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"

REPORTED = 45
"""Seconds: the kubelet asks containerd every 5 s and reports every 10 s."""


def provide(lab: Lab, node: Node, *, ago: timedelta = timedelta()) -> None:
    """Give the node its runtime, by a run that seems to have ended so long ago."""
    lab.declare("wasmtest")
    lab.ask(node, "wasmtest")
    lab.wait_provisioned(node)
    if ago:
        then = f"{datetime.now(UTC) - ago:%Y-%m-%dT%H:%M:%SZ}"
        patch = json.dumps({"status": {"concludedAt": then}})
        lab.kubectl(
            *("patch", "wn", node.name, "--subresource=status", "--type=merge", f"--patch={patch}")
        )


def reported(lab: Lab, node: Node) -> set[str]:
    """Return the handlers of which the kubelet says that containerd serves them."""
    status = get(lab.cluster, "node", node.name)["status"]
    return {handler["name"] for handler in status["runtimeHandlers"]}


def drifts(lab: Lab, node: Node) -> int:
    return int(get(lab.cluster, "wn", node.name)["status"].get("drifts", 0))


def test_scenario_41__handler_gone_from_containerd__lowers_the_label_and_is_repaired(
    lab: Lab,
) -> None:
    node = lab.nodes[1]
    provide(lab, node)
    eventually(lambda: reported(lab, node), until=lambda it: "wasmtest" in it, within=REPORTED)
    provide(lab, node, ago=timedelta(minutes=5))
    boots = containerd_boots(node)
    assert drifts(lab, node) == 0

    (node.root / DROP_IN).unlink()
    node.exec("systemctl", "restart", "containerd")
    eventually(
        lambda: labels(lab.cluster, node)[LABEL],
        until=lambda value: value == "failed",
        within=REPORTED,
    )
    lab.wait_provisioned(node)

    assert drifts(lab, node) == 1
    assert containerd_boots(node) == boots + 2, "theirs and ours"
    assert "hello from wasm" in lab.run_hello(node, "wasmtest")
    events = lab.kubectl("get", "events", "--field-selector=reason=DriftDetected", "--output=json")
    assert any(node.name in event["message"] for event in json.loads(events)["items"])


def test_scenario_41__binary_gone_from_an_old_containerd__is_found_by_the_daily_look(
    lab: Lab,
) -> None:
    node = lab.nodes[0]
    provide(lab, node)
    boots = containerd_boots(node)
    (link,) = (node.root / LINKS).iterdir()
    link.unlink()

    provide(lab, node, ago=timedelta(days=2))
    eventually(link.is_symlink, until=bool, within=60)
    lab.wait_provisioned(node)

    assert get(lab.cluster, "wn", node.name)["spec"]["cause"] == "Verify"
    assert containerd_boots(node) == boots
    assert "hello from wasm" in lab.run_hello(node, "wasmtest")


def test_kubelet_that_cannot_ask_for_the_version__is_no_other_container_runtime(lab: Lab) -> None:
    node = lab.nodes[0]
    provide(lab, node)

    def version() -> str:
        info = get(lab.cluster, "node", node.name)["status"]["nodeInfo"]
        return str(info["containerRuntimeVersion"])

    def seen() -> tuple[str, int]:
        found = get(lab.cluster, "wn", node.name)
        return found["status"]["kubeletRuntime"], found["spec"]["attempt"]

    before, known = seen(), version()
    node.exec("systemctl", "stop", "containerd")
    eventually(version, until=lambda it: it == "containerd://Unknown", within=REPORTED)
    node.exec("systemctl", "start", "containerd")
    eventually(version, until=lambda it: it == known, within=REPORTED)

    assert seen() == before, "no run because of that"


@pytest.fixture
def booted(lab: Lab) -> Iterator[Node]:
    """A node whose kubelet can be told of another boot: its kernel is that of this machine."""
    node = lab.nodes[1]
    yield node
    lab.ask(node, None)
    lab.wait_given_back(node)
    node.exec("umount", BOOT_ID)
    _restart_kubelet(lab, node, until=node.exec("cat", BOOT_ID).strip())


def test_scenario_40__another_boot_and_a_wiped_disk__is_looked_at_and_installed_anew(
    lab: Lab, booted: Node
) -> None:
    provide(lab, booted)

    booted.exec("rm", "-r", f"/{HOME}")
    booted.exec("sh", "-c", f"echo {ANOTHER_BOOT} >/run/boot; mount --bind /run/boot {BOOT_ID}")
    _restart_kubelet(lab, booted, until=ANOTHER_BOOT)

    seen = eventually(
        lambda: get(lab.cluster, "wn", booted.name)["status"],
        until=lambda status: status["bootId"] == ANOTHER_BOOT and status["state"] == "Ready",
        within=60,
    )
    assert seen["drifts"] == 1, "it was told to have what it did not have"
    lab.wait_provisioned(booted)
    assert "hello from wasm" in lab.run_hello(booted, "wasmtest")


def _restart_kubelet(lab: Lab, node: Node, *, until: str) -> None:
    node.exec("systemctl", "restart", "kubelet")
    eventually(
        lambda: get(lab.cluster, "node", node.name)["status"]["nodeInfo"]["bootID"],
        until=lambda boot: boot == until,
        within=30,
    )
