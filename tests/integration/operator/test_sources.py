"""Sources on the real API server: what their Jobs may see, and what the cluster's rules stop."""

import pytest

from integration.operator.api import WRT
from integration.operator.test_api_rules import http_with, manifest, oci
from integration.operator.world import World, wait

pytestmark = pytest.mark.integration


def test_job__of_a_source_with_secrets__is_one_that_the_api_server_takes(world: World) -> None:
    source = http_with(
        proxy={"url": "http://proxy.example.com:3128", "secret": "proxy"},
        caBundle={"configMap": "corp-ca"},
        auth={"secret": "token"},
    )
    world.api.create(WRT, manifest(source, "spin"))
    world.api.create(WRT, manifest({"source": oci(pullSecrets=["regcred"])}, "wasmtime"))
    world.add_node("n1", annotations={"wasmwright.dev/runtimes": "spin,wasmtime"})
    world.wait_provisioned("n1")

    (job,) = world.jobs("n1")
    pod = job["spec"]["template"]["spec"]
    (volume,) = [it for it in pod["volumes"] if it["name"] == "source-files"]
    named = [next(iter(it.values())) for it in volume["projected"]["sources"]]
    assert sorted({it["name"] for it in named}) == ["corp-ca", "proxy", "regcred", "token"]
    holders = [
        container["name"]
        for container in (*pod["initContainers"], *pod["containers"])
        if any(mount["name"] == "source-files" for mount in container["volumeMounts"])
    ]
    assert holders == ["fetch"]
    entries = {it["name"]: it["source"] for it in world.wasm_node("n1")["spec"]["runtimes"]}
    assert entries["wasmtime"]["oci"]["pullSecrets"] == ["secret/regcred/.dockerconfigjson"]
    assert entries["spin"]["http"]["access"]["auth"]["file"] == "secret/token/authorization"


def test_runtime__against_a_rule_of_the_cluster__is_told_so_until_it_keeps_it(
    world: World,
) -> None:
    world.operator.stop()
    world.operator.environ["WASMWRIGHT_ALLOWED_SOURCES"] = "oci://registry.example.com:5000/a/"
    world.operator.start()
    world.api.create(WRT, manifest(http_with(), "spin"))
    world.add_node("n1", annotations={"wasmwright.dev/runtimes": "spin"})
    wait(lambda: world.condition("spin", "Accepted").get("reason") == "SourceNotAllowed")
    assert "policy.allowedSources" in world.condition("spin", "Accepted")["message"]
    assert world.jobs("n1") == []

    world.api.merge(f"{WRT}/spin", {"spec": {"source": {"http": None, **oci()}}})
    world.wait_provisioned("n1")
    assert world.condition("spin", "Accepted")["status"] == "True"
