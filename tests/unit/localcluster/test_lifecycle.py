from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from localcluster import Cluster, ClusterSpec, lifecycle, network, paths, preflight, state
from localcluster.errors import NoSuchClusterError, PreflightError, SpecError
from localcluster.prepare import needed

HEARTBEAT = datetime(2030, 1, 1, 12, 0, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASMWRIGHT_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(paths, "lock_root", lambda: tmp_path / "locks")
    monkeypatch.setattr(network, "host_routes", lambda: ())


def node(
    ready: str = "True",
    taints: tuple[str, ...] = (),
    heartbeat: str | None = "2030-01-01T12:00:05Z",
) -> dict[str, Any]:
    condition = {"type": "Ready", "status": ready, "lastHeartbeatTime": heartbeat}
    return {
        "spec": {"taints": [{"key": key} for key in taints]},
        "status": {"conditions": [condition]},
    }


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(node(), True, id="ready"),
        pytest.param(node("False"), False, id="not-ready"),
        pytest.param(node("Unknown"), False, id="unknown"),
        pytest.param(node(taints=("node.kubernetes.io/not-ready",)), False, id="still-tainted"),
        pytest.param(node(taints=("dedicated",)), True, id="tainted-by-its-owner"),
        pytest.param(node(heartbeat=None), True, id="only-an-object"),
        pytest.param({"spec": {}, "status": {}}, False, id="just-registered"),
    ],
)
def test_is_ready__node_object__tells_whether_pods_can_be_put_there(
    observed: dict[str, Any], *, expected: bool
) -> None:
    assert lifecycle.is_ready(observed) is expected


@pytest.mark.parametrize(("later", "expected"), [(-60, True), (0.9, True), (1, False), (60, False)])
def test_is_ready__started_again__counts_only_what_it_said_since(
    later: float, *, expected: bool
) -> None:
    since = HEARTBEAT + timedelta(seconds=later)
    assert lifecycle.is_ready(node(), since) is expected


def test_up__other_nodes_than_the_cluster_has__says_how_to_go_on() -> None:
    state.create(ClusterSpec(name="one", nodes=()))
    with pytest.raises(SpecError, match=r"\(none; asked for containerd-1\.7\).*down --name one"):
        Cluster.up(ClusterSpec(name="one", nodes=("containerd-1.7",)))


def test_up__machine_that_cannot__changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "problems", lambda: ("it is a teapot", "and cold"))
    with pytest.raises(PreflightError, match="it is a teapot; and cold"):
        Cluster.up(ClusterSpec(name="one"))
    assert state.load("one") is None


def test_attach__no_such_cluster__tells_how_to_raise_it() -> None:
    with pytest.raises(NoSuchClusterError, match="up --name nowhere"):
        Cluster.attach("nowhere")


def test_needed__control_plane_only__is_no_container_runtime() -> None:
    names = [component.name for component in needed(ClusterSpec(nodes=()))]
    assert names == ["kubernetes", "etcd"]


def test_needed__several_nodes_of_a_flavour__is_its_component_once() -> None:
    spec = ClusterSpec(nodes=("containerd-2.4", "containerd-1.7", "containerd-2.4"))
    names = [component.name for component in needed(spec)]
    assert names == ["kubernetes", "etcd", "pause", "containerd-2.4"]
