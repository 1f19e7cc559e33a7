"""What other installers were seen to do wrong, done to this one.

Each probe does to the cluster what once left a node wrong for ever, hid a failure, or made an
installer write without end.
"""

import time
from collections import Counter
from typing import Final

import pytest

from integration.operator.api import CLASSES, NODES, WRT
from integration.operator.behaviours import fails, succeeds, takes
from integration.operator.fleet import Fleet
from integration.operator.probes.probing import (
    BOLD,
    LABEL,
    PODS,
    assert_order_of_removal,
    download,
    ended_before_unlabelled,
    first_ready,
    guarded,
    install,
    killing,
    run_wasm_pod,
    runs,
    url,
    urls,
)
from integration.operator.world import JOBS, wait
from wasmwright_operator import names

pytestmark = pytest.mark.integration

NODES_5: Final = tuple(f"n{number}" for number in range(5))
PER_NODE: Final = {"nodes", "wasmnodes", "wasmnodes/status", "jobs", "pods"}


def _told_of_spin(fleet: Fleet) -> list[str]:
    return [event["reason"] for event in fleet.events("spin")]


def test_probe_a__failed_job__stays_failed_with_reason_and_retries(fleet: Fleet) -> None:
    fleet.kubelets.script["n0"].extend([fails(31, "RolledBack", "no handler after a restart")] * 2)
    install(fleet, *NODES_5, provisioned=NODES_5[1:])
    error = wait(lambda: fleet.wasm_node("n0").get("status", {}).get("lastError"))
    assert (error["reason"], error["message"]) == ("RolledBack", "no handler after a restart")
    assert fleet.wasm_node("n0")["status"]["nextRetry"]
    wait(lambda: fleet.condition("spin", "Degraded").get("reason") == "RolledBack")
    wait(lambda: fleet.runtime("spin")["status"]["nodes"]["ready"] == 4)
    wait(lambda: "InstallFailed" in _told_of_spin(fleet))

    fleet.wait_quiet()
    assert _told_of_spin(fleet).count("InstallFailed") == 1
    mark = len(fleet.proxy.seen)
    (job,) = fleet.jobs("n0")
    fleet.api.delete(f"{JOBS}/{job['metadata']['name']}", propagationPolicy="Background")
    wait(lambda: fleet.wasm_node("n0")["status"]["concludedAttempt"] == 2, 30)
    fleet.wait_quiet()

    written = Counter(seen.request.resource for seen in fleet.proxy.writes(mark))
    about_the_node = {key: written[key] for key in written if key in PER_NODE}
    assert about_the_node == {"wasmnodes": 1, "jobs": 1, "wasmnodes/status": 1}
    assert fleet.history.labels("n0", LABEL) == ["", "failed"], "not hidden for an instant"
    fleet.annotate("n0", retry="now")
    fleet.wait_provisioned("n0")
    assert fleet.history.labels("n0", LABEL) == ["", "failed", "ready"]


def test_probe_b__changed_url_and_digest__installs_every_node_anew_under_the_budget(
    fleet: Fleet,
) -> None:
    rollout = {**BOLD, "maxParallel": 2}
    install(fleet, *NODES_5, source=download("v1"), rollout=rollout)
    fleet.change("spin", source=download("v2"))

    wait(lambda: all(urls(fleet, node) == [url("v1"), url("v2")] for node in NODES_5))
    wait(lambda: fleet.condition("spin", "Ready").get("status") == "True")
    assert fleet.runtime("spin")["status"]["nodes"]["updated"] == 5
    assert fleet.provisioned() == set(NODES_5)
    fleet.assert_rules_held()


def test_probe_c__intent_removed__uninstalls_before_the_label_goes(fleet: Fleet) -> None:
    install(fleet, *NODES_5)
    fleet.ask("n0", runtimes=None)

    fleet.wait_given_back("n0")
    assert runs(fleet, "n0") == [["spin"], []]
    assert fleet.history.labels("n0", LABEL) == ["", "ready", "removing", ""]
    assert ended_before_unlabelled(fleet, "n0")
    wait(lambda: fleet.runtime("spin")["status"]["summary"] == "4/4 ready")
    assert fleet.provisioned() == set(NODES_5[1:])


def test_probe_d__deleted_while_a_pod_uses_it__stays_until_the_last_node_is_clean(
    fleet: Fleet,
) -> None:
    install(fleet, *NODES_5)
    wait(lambda: fleet.api.get(f"{CLASSES}/spin"))
    run_wasm_pod(fleet, "n0")
    for node in NODES_5:
        fleet.kubelets.always[node] = takes(3, guarded(fleet, "web") if node == "n0" else succeeds)

    fleet.api.delete(f"{WRT}/spin")
    wait(lambda: fleet.condition("spin", "DeletionBlocked").get("status") == "True")
    assert "n0 (default/web)" in fleet.condition("spin", "DeletionBlocked")["message"]
    wait(lambda: not any(fleet.labels(node) for node in NODES_5[1:]))
    assert fleet.api.get(f"{CLASSES}/spin"), "a pod still uses it"

    fleet.api.delete(f"{PODS}/web", gracePeriodSeconds=0)
    wait(lambda: not fleet.runtime("spin"), 30)
    assert_order_of_removal(fleet, *NODES_5)


def test_probe_d2__deleted_a_second_time__uninstalls_again(fleet: Fleet) -> None:
    for _ in range(2):
        fleet.declare("spin", rollout=BOLD, placement={"nodeSelector": {}})
        if not fleet.api.items(NODES):
            fleet.add_nodes(*NODES_5)
        fleet.wait_provisioned_exactly(NODES_5)
        fleet.api.delete(f"{WRT}/spin")
        wait(lambda: not fleet.runtime("spin"))
        fleet.wait_given_back(*NODES_5)
    for node in NODES_5:
        assert runs(fleet, node) == [["spin"], [], ["spin"], []]
    assert not fleet.api.get(f"{CLASSES}/spin")


def test_probe_d3__deleted_during_the_install__lets_it_end_and_uninstalls_then(
    fleet: Fleet,
) -> None:
    fleet.kubelets.default = takes(2)
    fleet.add_nodes(*NODES_5)
    fleet.declare("spin", rollout={**BOLD, "maxParallel": 4})
    fleet.ask(*NODES_5)
    wait(lambda: len(fleet.jobs()) == 4)
    fleet.api.delete(f"{WRT}/spin")

    wait(lambda: not fleet.runtime("spin"), 30)
    wait(lambda: not any(fleet.labels(node) for node in NODES_5))
    gone = [it for it in fleet.history.changes if it.resource == "pods" and it.kind == "DELETED"]
    assert all(it.raw["status"]["phase"] == "Succeeded" for it in gone), "none was cut short"
    installed = [node for node in NODES_5 if runs(fleet, node)]
    assert len(installed) == 4
    assert all(runs(fleet, node) == [["spin"], []] for node in installed)
    fleet.assert_rules_held()


def test_probe_e__rolling_strategy__goes_from_node_to_node_and_opens_the_class_last(
    fleet: Fleet,
) -> None:
    rollout = {"maxParallel": 1, "maxUnavailable": 1}
    install(fleet, *NODES_5, rollout=rollout, minReadyNodes=5)
    wait(lambda: fleet.condition("spin", "Ready").get("status") == "True")

    opened = wait(lambda: fleet.history.of("runtimeclasses", "spin"))[0].version
    assert opened > max(first_ready(fleet, node) for node in NODES_5)
    errors = [line for line in fleet.operator.lines if line["level"] in {"WARNING", "ERROR"}]
    assert errors == []
    fleet.assert_rules_held()


def test_probe_f__restart_in_a_steady_state__writes_nothing_and_bears_a_node_that_went(
    fleet: Fleet,
) -> None:
    install(fleet, *NODES_5)
    fleet.wait_quiet(2)
    mark = len(fleet.proxy.seen)
    assert fleet.operator.stop() == 0
    fleet.operator.start()
    time.sleep(2)
    assert fleet.proxy.writes(mark) == []

    assert fleet.operator.stop() == 0
    fleet.vanish("n0")
    fleet.operator.start()
    wait(lambda: fleet.runtime("spin")["status"]["summary"] == "4/4 ready")
    wait(lambda: not fleet.wasm_node("n0") and not fleet.jobs("n0"))
    written = {(seen.request.verb, seen.request.resource) for seen in fleet.proxy.writes(mark)}
    assert written == {("patch", "wasmruntimes/status")}
    assert not [line for line in fleet.operator.lines if line["level"] == "ERROR"]


@pytest.mark.parametrize("is_edited", [False, True], ids=["unchanged", "edited"])
def test_probe_g__node_created_again_under_its_name__is_installed_anew(
    fleet: Fleet,
    is_edited: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    install(fleet, *NODES_5, source=download("v1"))
    labels = fleet.api.get(f"{NODES}/n0")["metadata"]["labels"]
    if is_edited:
        fleet.change("spin", source=download("v2"))
        wait(lambda: all(len(runs(fleet, node)) == 2 for node in NODES_5))
        fleet.wait_provisioned_exactly(NODES_5)
    fleet.wait_quiet()
    mark, before = len(fleet.proxy.seen), len(runs(fleet, "n0"))

    fleet.vanish("n0")
    node = fleet.add_node("n0", labels=labels, annotations={names.RUNTIMES: "spin"})
    wait(lambda: fleet.wasm_node("n0").get("spec", {}).get("nodeUid") == node["metadata"]["uid"])
    fleet.wait_provisioned("n0")
    fleet.wait_quiet()

    assert len(runs(fleet, "n0")) == before + 1
    assert len(fleet.proxy.writes(mark)) < 30
    fleet.assert_rules_held()


def test_probe_h__long_names_that_begin_alike__are_two_nodes(fleet: Fleet) -> None:
    shared = "ip-10-0-17-171.a-rather-long-name-of-a-pool.eu-central-1.compute"[:63]
    pair = (f"{shared}-left1", f"{shared}-right")
    assert [len(name) for name in pair] == [69, 69]
    install(fleet, *pair)
    fleet.wait_quiet()

    jobs = [job["metadata"]["name"] for node in pair for job in fleet.jobs(node)]
    assert len(set(jobs)) == 2
    assert len(fleet.proxy.writes()) < 30
    fleet.ask(pair[0], runtimes=None)
    fleet.wait_given_back(pair[0])
    assert fleet.provisioned() == {pair[1]}


@pytest.mark.parametrize("resource", ["wasmnodes", "jobs"], ids=["after-claim", "after-job"])
def test_probe_i__killed_in_the_middle_of_a_rollout__leaves_no_node_behind(
    fleet: Fleet, resource: str
) -> None:
    nodes = [f"n{number}" for number in range(30)]
    fleet.kubelets.default = takes(0.5)
    fleet.add_nodes(*nodes)
    fleet.proxy.decide = killing(fleet, resource, 12)
    fleet.declare("spin", rollout={**BOLD, "maxParallel": 15})
    fleet.ask(*nodes)
    wait(lambda: fleet.operator.child is None)
    time.sleep(1)
    fleet.operator.start()

    fleet.wait_provisioned_exactly(nodes)
    assert len(fleet.history.created("jobs")) == len(nodes)
    fleet.assert_rules_held()
