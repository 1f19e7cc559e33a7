"""What a node asks for together comes together."""

import json

import pytest

from integration.operator.api import WRT, Raw
from integration.operator.world import World, wait
from wasmwright_operator import names

pytestmark = pytest.mark.integration

EVERYWHERE = {"nodeSelector": {"matchLabels": {"pool": "wasm"}}}
DIGEST = "e" * 64


def document(job: Raw) -> Raw:
    text = job["spec"]["template"]["metadata"]["annotations"][names.DOCUMENT]
    found: Raw = json.loads(text)
    return found


def test_two_runtimes_for_one_node__come_with_one_job(world: World) -> None:
    world.declare("spin", placement=EVERYWHERE)
    world.declare("wasmtime", placement=EVERYWHERE)
    wait(lambda: world.condition("wasmtime", "Ready") and world.condition("spin", "Ready"))

    world.add_node("n1", labels={"pool": "wasm"})
    world.wait_provisioned("n1")

    (job,) = world.jobs("n1")
    assert [entry["name"] for entry in document(job)["runtimes"]] == ["spin", "wasmtime"]
    assert world.kubelets.ran == ["n1"]
    ready = {key for key, value in world.labels("n1").items() if value == "ready"}
    assert ready == {names.runtime_label("spin"), names.runtime_label("wasmtime")}


def test_node_that_joins_later__is_served_without_a_write_to_the_runtime(world: World) -> None:
    world.declare("spin", placement=EVERYWHERE)
    world.add_node("n1", labels={"pool": "wasm"})
    world.wait_provisioned("n1")
    generation = world.runtime("spin")["metadata"]["generation"]

    world.add_node("n2", labels={"pool": "wasm"})

    world.wait_provisioned("n2")
    assert world.runtime("spin")["metadata"]["generation"] == generation
    assert sorted(world.kubelets.ran) == ["n1", "n2"]


def test_runtime_stored_on_the_node__comes_back_without_a_download(world: World) -> None:
    """What an older revision needs is still in the node's store: the Job fetches nothing."""
    download = {"arch": "amd64", "url": "https://example.org/shim", "sha256": DIGEST}
    world.declare("spin", source={"http": {"platforms": [download]}})
    world.kubelets.holds = [DIGEST, "f" * 64]
    world.add_node("n1", annotations={names.RUNTIMES: "spin"})
    world.wait_provisioned("n1")
    assert _has_fetched(world.jobs("n1")[0])
    _use(world, {**download, "sha256": "f" * 64})
    wait(lambda: len(world.jobs("n1")) == 2)
    wait(lambda: len(world.kubelets.ran) == 2)

    _use(world, download)

    wait(lambda: len(world.jobs("n1")) == 3)
    world.wait_provisioned("n1")
    newest = max(world.jobs("n1"), key=_attempt)
    assert not _has_fetched(newest)


def test_options_that_no_configuration_can_hold__are_refused_before_any_node_is_touched(
    world: World,
) -> None:
    world.declare("spin", config={"options": {"Deep": {"no": "table"}}})
    world.add_node("n1", annotations={names.RUNTIMES: "spin"})

    told = wait(lambda: _false(world.condition("spin", "Accepted")))

    assert told["reason"] == "InvalidSpec"
    assert "config.options.Deep" in told["message"]
    assert world.jobs() == []
    options = {"options": {"Deep": None, "Text": 'a"]\n[evil'}}
    world.api.merge(f"{WRT}/spin", {"spec": {"config": options}})
    world.wait_provisioned("n1")
    (entry,) = document(world.jobs("n1")[0])["runtimes"]
    assert entry["handler"]["options"] == {"Text": 'a"]\n[evil'}, "it is text, whatever it holds"


def _use(world: World, platform: Raw) -> None:
    world.api.merge(f"{WRT}/spin", {"spec": {"source": {"http": {"platforms": [platform]}}}})


def _has_fetched(job: Raw) -> bool:
    containers = job["spec"]["template"]["spec"].get("initContainers") or []
    return any(container["name"] == "fetch" for container in containers)


def _attempt(job: Raw) -> int:
    return int(job["metadata"]["annotations"][names.JOB_ATTEMPT])


def _false(condition: Raw) -> Raw | None:
    return condition if condition.get("status") == "False" else None
