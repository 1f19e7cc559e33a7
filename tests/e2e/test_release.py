"""The chart's life on a real cluster: what its values make of it, and what an uninstall does."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from demo import chart
from imagebuild.recipe import ImageNames
from localcluster.errors import CommandError
from support.kube_view import get, labels
from support.lab import Lab
from support.waiting import eventually
from workloads import runtimes

pytestmark = pytest.mark.e2e

Install = Callable[..., None]


@pytest.fixture
def install(lab: Lab) -> Iterator[Install]:
    """Install or upgrade the release with further values; the ordinary ones are put back."""
    ordinary = chart.image_values(ImageNames(_tag_of_the_operator(lab)))
    ordinary |= {"compat": {"kwasm": {"runtimes": [runtimes.WASMTEST]}}}

    def go(**values: Any) -> None:
        chart.install_chart(lab.cluster, ordinary | values)

    yield go
    go()


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


def test_uninstall__while_a_pod_uses_a_runtime__stops_and_then_frees_the_nodes(
    lab: Lab, install: Install
) -> None:
    node = lab.nodes[1]
    install(runtimes={"crun": runtimes.crun()}, hooks={"removeTimeoutSeconds": 5})
    lab.ask(node, "crun")
    lab.wait_provisioned(node)
    pod = lab.run_loop(node, "crun")

    with pytest.raises(CommandError, match="there are still wasmruntime 'crun'"):
        chart.uninstall_chart(lab.cluster)
    assert lab.pod_identity(pod) == pod.identity

    lab.delete_pod(pod)
    eventually(lambda: get(lab.cluster, "wrt", "crun"), until=lambda wrt: not wrt, within=60)
    chart.uninstall_chart(lab.cluster)

    assert _image_of_the_operator(lab) == ""
    assert not (node.root / "opt/wasmwright").exists()
    assert get(lab.cluster, "crd", "wasmruntimes.wasmwright.dev"), "kept"
    assert get(lab.cluster, "namespace", chart.NAMESPACE), "kept"


def _tag_of_the_operator(lab: Lab) -> str:
    return _image_of_the_operator(lab).rpartition(":")[2]


def _image_of_the_operator(lab: Lab) -> str:
    where = ("--namespace", chart.NAMESPACE, "--ignore-not-found")
    path = "jsonpath={.spec.template.spec.containers[0].image}"
    return lab.kubectl("get", "deployment", chart.RELEASE, *where, "--output", path)
