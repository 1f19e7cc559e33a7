"""The chart's life on a real cluster: what its values make of it, and what an uninstall does."""

import pytest

from demo import chart
from localcluster import Node
from localcluster.errors import CommandError
from support.kube_view import condition, get, labels
from support.lab import Install, Lab
from support.waiting import eventually
from workloads import runtimes

pytestmark = pytest.mark.e2e

CLUSTER_WIDE = "wn,wrt,runtimeclasses,clusterroles,clusterrolebindings"
NAMESPACED = (
    "deployments,replicasets,pods,jobs,configmaps,secrets,serviceaccounts,roles,rolebindings,"
    "leases,controllerrevisions,poddisruptionbudgets"
)
OF_EVERY_NAMESPACE = {"configmap/kube-root-ca.crt", "serviceaccount/default"}


def test_fresh_install__labels_the_namespace_that_helm_has_just_made(lab: Lab) -> None:
    namespace = get(lab.cluster, "namespace", chart.NAMESPACE)

    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"
    assert get(lab.cluster, "crd", "wasmruntimes.wasmwright.dev")


def test_runtimes_value__makes_and_deletes_wasm_runtimes__on_the_nodes_too(
    lab: Lab, install: Install
) -> None:
    node = lab.nodes[0]

    install(runtimes={"crun": runtimes.crun()})
    lab.ask(node, "crun")
    lab.wait_provisioned(node)
    assert "hello from wasm" in lab.run_hello(node, "crun")

    install(runtimes={"crun": None})
    eventually(lambda: get(lab.cluster, "wrt", "crun"), until=lambda wrt: not wrt, within=60)
    assert "runtime.wasmwright.dev/crun" not in labels(lab.cluster, node)


def test_catalogue__declared_by_default__is_installed_nowhere_until_a_node_asks(
    lab: Lab, install: Install
) -> None:
    offered = {"crun", "crun-wasm", "spin", "wasmedge", "youki"}
    unverified = {"wasmtime", "wasmer", "wamr"}
    node = lab.nodes[0]

    install(catalogue={"declare": "Current"})
    eventually(
        lambda: {name: _reason(lab, name) for name in offered | unverified},
        until=lambda told: (
            told
            == dict.fromkeys(offered, "NoEligibleNodes") | dict.fromkeys(unverified, "Unverified")
        ),
        within=60,
    )
    lab.ask(node, "crun")
    lab.wait_provisioned(node)

    assert "hello from wasm" in lab.run_hello(node, "crun")
    declared = get(lab.cluster, "wn", node.name)["spec"]["declared"]
    assert {each["handler"] for each in declared} == offered, "so none needs a restart later"
    lab.ask(node, None)


def test_runtimes_value__with_a_typo__fails_the_upgrade_with_the_servers_words(
    install: Install,
) -> None:
    spec = runtimes.crun()
    spec["source"]["hostPath"]["pathh"] = "/usr/bin/crun"

    with pytest.raises(CommandError, match=r"wasmruntime 'crun' was refused: .*pathh"):
        install(runtimes={"crun": spec})


def test_runtimes_value__name_taken_by_a_user__leaves_the_users_alone(
    lab: Lab, install: Install
) -> None:
    lab.declare("crun")
    before = get(lab.cluster, "wrt", "crun")["spec"]

    with pytest.raises(CommandError, match="exists and is not of release 'wasmwright'"):
        install(runtimes={"crun": {"source": {"hostPath": {"path": "/usr/bin/other"}}}})

    assert get(lab.cluster, "wrt", "crun")["spec"] == before


def test_scenario_37__uninstall__stops_for_a_pod__then_leaves_nothing_but_what_people_made(
    lab: Lab, install: Install
) -> None:
    mine, node = lab.nodes[:2]
    lab.declare("wasmtest")
    lab.ask(mine, "wasmtest")
    install(runtimes={"crun": runtimes.crun()}, hooks={"removeTimeoutSeconds": 5})
    lab.ask(node, "crun")
    lab.wait_provisioned(node)
    lab.wait_provisioned(mine)
    pod = lab.run_loop(node, "crun")

    with pytest.raises(CommandError, match="there are still wasmruntime 'crun'"):
        chart.uninstall_chart(lab.cluster)
    assert lab.pod_identity(pod) == pod.identity

    lab.delete_pod(pod)
    eventually(lambda: get(lab.cluster, "wrt", "crun"), until=lambda wrt: not wrt, within=60)
    chart.uninstall_chart(lab.cluster)

    left = eventually(
        lambda: _left(lab) - _told_of(mine), until=lambda found: len(found) == 1, within=20
    )
    assert left.pop().startswith("controllerrevision.apps/wasmtest-")
    assert "hello from wasm" in lab.run_hello(mine, "wasmtest")
    assert not (node.root / "opt/wasmwright").exists()
    assert get(lab.cluster, "crd", "wasmruntimes.wasmwright.dev"), "kept"
    assert get(lab.cluster, "namespace", chart.NAMESPACE), "kept"

    install()
    lab.kubectl("delete", "wrt", "wasmtest", "--timeout=60s")
    assert not (mine.root / "opt/wasmwright").exists(), "the new release knows what is there"


def _reason(lab: Lab, runtime: str) -> str:
    return condition(get(lab.cluster, "wrt", runtime), "Ready").get("reason", "")


def _left(lab: Lab) -> set[str]:
    """Return what a cluster that never saw wasmwright would not have, but for CRDs."""
    wide = lab.kubectl("get", CLUSTER_WIDE, "--output=name").split()
    ours = {name for name in wide if "wasmwright" in name or name.startswith("runtimeclass")}
    where = f"--namespace={chart.NAMESPACE}"
    within = set(lab.kubectl("get", NAMESPACED, where, "--output=name").split())
    marks = {f"{node.name} {key}" for node in lab.nodes for key in labels(lab.cluster, node)}
    return ours | (within - OF_EVERY_NAMESPACE) | {mark for mark in marks if "wasmwright" in mark}


def _told_of(node: Node) -> set[str]:
    """Return what tells that a node has the runtime which somebody made."""
    labelled = ("runtime.wasmwright.dev/wasmtest", "wasmwright.dev/provisioned")
    return {
        "wasmruntime.wasmwright.dev/wasmtest",
        f"wasmnode.wasmwright.dev/{node.name}",
        "runtimeclass.node.k8s.io/wasmtest",
        *(f"{node.name} {key}" for key in labelled),
    }
