import json
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from localcluster import ClusterSpec, control_plane, network, paths, state

SPEC = ClusterSpec(name="one", nodes=("containerd-1.7", "containerd-2.4"))


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WASMWRIGHT_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(paths, "lock_root", lambda: tmp_path / "locks")
    monkeypatch.setattr(network, "host_routes", lambda: (IPv4Network("10.89.0.0/24"),))
    return tmp_path / "state"


def test_create__first_cluster__avoids_what_the_host_routes() -> None:
    assert state.create(SPEC).addresses.index == 1


def test_create__second_cluster__gets_addresses_of_its_own() -> None:
    state.create(SPEC)
    assert state.create(ClusterSpec(name="two", nodes=())).addresses.index == 2


def test_load__created__is_what_was_created() -> None:
    assert state.create(SPEC) == state.load("one")


def test_load__arguments__are_what_was_asked_for_and_come_after_ours() -> None:
    spec = ClusterSpec(nodes=(), arguments={"kube-controller-manager": ("--kube-api-qps=500",)})
    state.create(spec)
    record = state.load(spec.name)
    assert record is not None
    assert record.spec == spec
    called = control_plane.arguments(record)
    qps = [flag for flag in called["kube-controller-manager"] if "--kube-api-qps" in flag]
    assert qps[-1] == "--kube-api-qps=500"
    assert "--kube-api-qps=500" not in called["kube-apiserver"]


def test_load__never_created__is_none() -> None:
    assert state.load("one") is None


def test_create__done__has_a_kubeconfig_for_everybody(place: Path) -> None:
    state.create(SPEC)
    assert {path.stem for path in (place / "one").glob("*.kubeconfig")} == {
        "admin",
        "kube-controller-manager",
        "kube-scheduler",
        "kube-proxy",
        "one-node1",
        "one-node2",
    }


def test_create__keys__are_read_by_root_alone(place: Path) -> None:
    state.create(SPEC)
    keys = [*(place / "one/pki").iterdir(), *(place / "one").glob("*.kubeconfig")]
    assert {path.stat().st_mode & 0o077 for path in keys} == {0}


def test_create__interrupted_before__begins_anew(place: Path) -> None:
    leftover = place / ".one.new" / "half"
    leftover.mkdir(parents=True)
    state.create(SPEC)
    assert [path.name for path in place.iterdir()] == ["one"]


def test_every__some_clusters__is_sorted_and_leaves_halves_out(place: Path) -> None:
    state.create(ClusterSpec(name="two", nodes=()))
    state.create(SPEC)
    (place / ".three.new").mkdir()
    assert [record.spec.name for record in state.every()] == ["one", "two"]


def test_every__never_any_cluster__is_empty() -> None:
    assert state.every() == ()


def test_forget__cluster__leaves_nothing_of_it(place: Path) -> None:
    state.create(SPEC)
    (place / ".one.new").mkdir()
    state.forget("one")
    state.forget("one")
    assert list(place.iterdir()) == []


def test_node_names__two_nodes__begin_with_the_clusters_name() -> None:
    assert state.create(SPEC).node_names == ("one-node1", "one-node2")


def test_create__beside_a_cluster_with_a_flavour_of_another_version__keeps_off_its_addresses() -> (
    None
):
    other = state.create(SPEC)
    content = json.loads(other.paths.record.read_text()) | {"nodes": ["of-tomorrow"]}
    other.paths.record.write_text(json.dumps(content))
    assert state.create(ClusterSpec(name="two", nodes=())).addresses != other.addresses
