"""A node that must not be changed is left to the byte as it was, with the reason on an object."""

import tomllib
from dataclasses import replace
from typing import Any

import pytest

from support.kube_view import condition, containerd_boots, get
from support.lab import Lab
from support.node_files import photograph
from support.waiting import eventually
from workloads import light_shim, runtimes
from workloads.artifacts import Artifact

pytestmark = pytest.mark.e2e


def test_wrong_digest__leaves_the_nodes_files_alone__and_shows_its_reason(lab: Lab) -> None:
    node = lab.nodes[0]
    before = photograph(node.root, "/etc", "/opt")
    boots = containerd_boots(node)
    lab.declare("wasmtest", sha256="0" * 64)

    lab.ask(node, "wasmtest")
    seen = eventually(
        lambda: get(lab.cluster, "wn", node.name),
        until=lambda wn: wn.get("status", {}).get("lastError"),
        within=60,
    )

    assert seen["status"]["state"] == "Failed"
    assert seen["status"]["lastError"]["reason"] == "DigestMismatch"
    assert seen["status"]["nextRetry"]
    assert "DigestMismatch" in lab.kubectl("get", "wn", node.name)
    assert "DigestMismatch" in lab.kubectl("describe", "wrt", "wasmtest")
    assert photograph(node.root, "/etc", "/opt") == before
    assert containerd_boots(node) == boots


EVIL = 'a"]\n[plugins."io.containerd.grpc.v1.cri"]\nsandbox_image = "evil'
"""Closes a string, and begins a table."""


def test_scenario_16__option_that_would_break_the_file__is_text_to_all_daemons(lab: Lab) -> None:
    before = {node.name: photograph(node.root, "/etc/containerd") for node in lab.nodes}
    config = runtimes.crun()["config"] | {"options": {"CriuImagePath": EVIL}}
    lab.declare("crun", config=config)

    for node in lab.nodes:
        lab.ask(node, "crun")
    for node in lab.nodes:
        lab.wait_provisioned(node)

    for node in lab.nodes:
        loaded = tomllib.loads(node.exec("containerd", "config", "dump"))
        assert EVIL in texts(loaded)
        assert "evil" not in texts(loaded)
        assert "hello from wasm" in lab.run_hello(node, "crun")
        lab.ask(node, None)
    for node in lab.nodes:
        lab.wait_given_back(node)
        assert photograph(node.root, "/etc/containerd") == before[node.name]


def texts(value: object) -> list[str]:
    """Return all strings of a document."""
    match value:
        case dict():
            return [text for item in value.values() for text in texts(item)]
        case list():
            return [text for item in value for text in texts(item)]
        case str():
            return [value]
    return []


def test_download_without_digest__is_refused_until_allowed__then_the_first_nodes_counts(
    lab: Lab,
) -> None:
    first, second = lab.nodes
    light, other = light_shim.artifact(), light_shim.artifact(edition=2)
    lab.declare("wasmtest", source=_without_digest(lab.artifacts.publish(light), light))
    lab.ask(first, "wasmtest")
    _wait_for_reason(lab, "Accepted", "Unverified")

    lab.declare(
        "wasmtest",
        source=_without_digest(lab.artifacts.publish(light), light),
        allowUnverified=True,
    )
    lab.wait_provisioned(first)
    _wait_for_reason(lab, "Unverified", "TrustedOnFirstUse")
    attempts = get(lab.cluster, "wn", first.name)["spec"]["attempt"]
    (found,) = get(lab.cluster, "wrt", "wasmtest")["status"]["digests"]
    lab.artifacts.publish(replace(other, file_name=light.file_name))
    lab.ask(second, "wasmtest")
    seen = eventually(
        lambda: get(lab.cluster, "wn", second.name).get("status", {}),
        until=lambda status: status.get("lastError"),
        within=60,
    )

    assert (found["sha256"], found["node"]) == (light.sha256, first.name)
    assert seen["lastError"]["reason"] == "DigestMismatch"
    assert light.sha256 in seen["lastError"]["message"]
    assert "hello from wasm" in lab.run_hello(first, "wasmtest")
    assert get(lab.cluster, "wn", first.name)["spec"]["attempt"] == attempts, "no second run"

    lab.artifacts.publish(light)
    lab.kubectl("annotate", "node", second.name, "wasmwright.dev/retry=once")
    lab.wait_provisioned(second)


def _without_digest(url: str, artifact: Artifact) -> dict[str, Any]:
    spec = runtimes.light_shim(artifact, url)
    del spec["source"]["http"]["platforms"][0]["sha256"]
    return dict(spec["source"])


def _wait_for_reason(lab: Lab, kind: str, reason: str) -> None:
    eventually(
        lambda: condition(get(lab.cluster, "wrt", "wasmtest"), kind),
        until=lambda found: found.get("reason") == reason,
        within=60,
    )


def test_failed_install__when_the_source_is_mended__heals_by_itself(lab: Lab) -> None:
    node = lab.nodes[1]
    lab.declare("wasmtest", sha256="0" * 64)
    lab.ask(node, "wasmtest")
    eventually(
        lambda: get(lab.cluster, "wn", node.name).get("status", {}).get("lastError"),
        until=bool,
        within=60,
    )

    lab.declare("wasmtest")

    lab.wait_provisioned(node)
    assert "hello from wasm" in lab.run_hello(node, "wasmtest")


def test_unknown_name__is_told_on_the_wasm_node__and_the_others_are_served(lab: Lab) -> None:
    node = lab.nodes[0]
    lab.declare("crun")

    lab.ask(node, "crun,nonesuch")

    eventually(
        lambda: get(lab.cluster, "node", node.name)["metadata"]["labels"],
        until=lambda labels: labels.get("runtime.wasmwright.dev/crun") == "ready",
        within=60,
    )
    assert "nonesuch" in str(get(lab.cluster, "wn", node.name)["status"]["conditions"])


def test_runtime_in_use__is_not_deleted_until_its_pod_is_gone(lab: Lab) -> None:
    node = lab.nodes[0]
    lab.declare("crun")
    lab.ask(node, "crun")
    lab.wait_provisioned(node)
    pod = lab.run_loop(node, "crun")

    lab.kubectl("delete", "wrt", "crun", "--wait=false")

    blocked = eventually(
        lambda: condition(get(lab.cluster, "wrt", "crun"), "DeletionBlocked"),
        until=lambda c: c.get("status") == "True",
        within=60,
    )
    assert blocked["reason"] == "PodsInUse"
    assert pod.name in blocked["message"]
    assert get(lab.cluster, "runtimeclass", "crun"), "the class goes last"
    assert lab.pod_identity(pod) == pod.identity

    lab.delete_pod(pod)
    eventually(lambda: get(lab.cluster, "wrt", "crun"), until=lambda wrt: not wrt, within=90)
    assert get(lab.cluster, "runtimeclass", "crun") == {}
    assert not (node.root / "opt/wasmwright").exists()
