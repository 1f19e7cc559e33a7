"""Wasm must run on a node before that counts as ready, where a WasmRuntime asks for it."""

import json
from collections import Counter
from typing import Any, Final

import pytest

from support.kube_view import get, items, labels
from support.lab import Lab
from support.waiting import eventually
from workloads import artifacts, runtimes

pytestmark = pytest.mark.e2e

TESTED: Final = {"smokeTest": {"timeoutSeconds": 60}}
HOPELESS: Final = b"""#!/bin/sh
[ "${1:-}" = -v ] && exec echo containerd-shim-wasmtest-v1
echo this shim can run nothing >&2
exit 1
"""


def smoke_tests(lab: Lab) -> list[str]:
    found = items(lab.cluster, "system-pod")
    names = [raw["metadata"]["name"] for raw in found]
    return [name for name in names if "smoke-test" in name]


def started(lab: Lab) -> Counter[str]:
    """Return how many smoke tests the kubelets told to have started, by node."""
    asked = ("--namespace=wasmwright-system", "--field-selector=reason=Started", "--output=json")
    told: list[dict[str, Any]] = json.loads(lab.kubectl("get", "events", *asked))["items"]
    tests = (it for it in told if "smoke-test" in it["involvedObject"]["name"])
    return Counter(event["source"]["host"] for event in tests)


def test_smoke_test__real_shim_and_crun_on_both_majors__passes_and_leaves_no_pod(lab: Lab) -> None:
    lab.declare("wasmtime", "crun", verify=TESTED)

    for node in lab.nodes[:2]:
        lab.ask(node, "wasmtime,crun")
    for node in lab.nodes[:2]:
        lab.wait_provisioned(node)

    wanted = {node.name: 2 for node in lab.nodes[:2]}
    eventually(lambda: started(lab), until=lambda hosts: hosts == wanted, within=20)
    eventually(lambda: smoke_tests(lab), until=lambda pods: not pods, within=20)


def test_smoke_test__shim_that_answers_and_runs_nothing__node_says_so_and_heals(lab: Lab) -> None:
    node = lab.nodes[0]
    bad = artifacts.pack("containerd-shim-wasmtest-v1", HOPELESS, edition=666)
    spec = runtimes.light_shim(bad, lab.artifacts.publish(bad))
    quick = {"smokeTest": {"timeoutSeconds": 5}}
    lab.declare("wasmtest", **spec, verify=quick)
    lab.ask(node, "wasmtest")
    seen = eventually(
        lambda: get(lab.cluster, "wn", node.name).get("status", {}),
        until=lambda status: status.get("state") == "Failed",
        within=60,
    )

    assert seen["lastError"]["reason"] == "SmokeTestFailed"
    assert "this shim can run nothing" in seen["lastError"]["message"]
    assert labels(lab.cluster, node)["runtime.wasmwright.dev/wasmtest"] == "failed"
    assert get(lab.cluster, "runtimeclass", "wasmtest") == {}
    eventually(lambda: smoke_tests(lab), until=lambda pods: not pods, within=20)

    lab.declare("wasmtest", verify=TESTED)
    lab.wait_provisioned(node)
    assert "hello from wasm" in lab.run_hello(node, "wasmtest")
