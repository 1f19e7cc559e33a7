"""Whole runs on nodes whose configuration a distribution renders."""

from dataclasses import replace
from pathlib import Path

import pytest

from unit.installer.documents import artifacts, crun, document, shim
from unit.installer.fake_host.containerd import SOCKET
from unit.installer.fake_host.node import FakeNode
from unit.installer.fake_host.processes import DAEMON_PID, KUBELET_PID
from unit.installer.fake_product import make_product_node
from unit.installer.products import K3S_2, PRODUCTS, Product
from wasmwright_installer.apply.explain import explain_plan, explain_status
from wasmwright_installer.apply.run import apply
from wasmwright_installer.contract import ApplyResult, HandlerEntry, NodeDocument
from wasmwright_installer.errors import ConflictError, InUseError, RolledBackError
from wasmwright_installer.host.facts import find_daemon

SPIN = HandlerEntry(handler="spin", binary="containerd-shim-spin-v2")
WANTED = document(shim("light"), crun())
K3S_FOLDER = "/var/lib/rancher/k3s/agent/etc/containerd"


@pytest.fixture(autouse=True)
def _no_waiting_for_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)


@pytest.fixture(params=PRODUCTS.values(), ids=list(PRODUCTS))
def node(request: pytest.FixtureRequest, tmp_path: Path) -> FakeNode:
    return make_product_node(tmp_path / "host", request.param)


def run(node: FakeNode, wanted: NodeDocument = WANTED) -> ApplyResult:
    return apply(node.host, wanted, artifacts(node.root.parent / "art", *wanted.runtimes))


def test_apply__first_runtimes__are_served_after_one_restart(node: FakeNode) -> None:
    before = dict(node.daemon.loaded)
    result = run(node)
    assert (result.exit_code, result.changed, result.restarted) == (0, True, True)
    assert node.daemon.restarts == 1
    assert set(result.handlers) == before.keys() | {"light", "crun"}
    assert {name: node.daemon.loaded[name] for name in before} == before


def test_apply__second_run__changes_nothing(node: FakeNode) -> None:
    run(node)
    before = node.tree()
    result = run(node)
    assert (result.changed, result.restarted, node.daemon.restarts) == (False, False, 1)
    assert node.tree() == before


def test_apply__removed_again__leaves_every_byte_as_it_was(node: FakeNode) -> None:
    before, loaded = node.tree(), dict(node.daemon.loaded)
    run(node)
    result = run(node, document())
    assert (result.reason, node.daemon.restarts) == ("Removed", 2)
    assert node.tree() == before
    assert node.daemon.loaded == loaded


def test_apply__record_is_lost__finds_its_part_and_leaves_nothing(node: FakeNode) -> None:
    """Which directories it made is then not known, so an empty one may stay."""
    before = _files(node)
    run(node)
    node.files.delete(f"{node.host.home.state}/state.json")
    run(node, document())
    assert _files(node) == before


def _files(node: FakeNode) -> dict[str, str]:
    return {path: each for path, each in node.tree().items() if each != "directory"}


def test_apply__daemon_does_not_come_up__everything_is_as_before(node: FakeNode) -> None:
    before, loaded = node.tree(), dict(node.daemon.loaded)
    node.daemon.loses = "light"
    with pytest.raises(RolledBackError):
        run(node)
    run(node, document())
    assert node.tree() == before
    assert node.daemon.loaded == loaded


def test_plan_and_status__rendered_configuration__name_what_they_touch(node: FakeNode) -> None:
    plan = explain_plan(node.host, WANTED)
    assert (plan.handlers_added, plan.restart) == (("crun", "light"), True)
    (file,) = plan.files
    assert file.path != node.daemon.main
    assert explain_status(node.host).drift == ()
    run(node)
    assert explain_status(node.host).drift == ()


def test_microk8s__its_own_place__holds_our_files(tmp_path: Path) -> None:
    node = make_product_node(tmp_path / "host", PRODUCTS["MicroK8s"])
    run(node)
    home = "/var/snap/microk8s/common/wasmwright"
    loaded = node.daemon.loaded["light"]
    assert loaded["runtime_type"] == f"{home}/bin/light/containerd-shim-light-v1"
    assert not node.files.exists("/opt/wasmwright")


def test_k3s__spin_detected_by_itself__declared_ahead_is_left_to_it(tmp_path: Path) -> None:
    product = replace(K3S_2, detected="spin")
    node = make_product_node(tmp_path / "host", product)
    result = run(node, document(shim("light"), declared=(SPIN,)))
    assert result.exit_code == 0
    assert node.daemon.loaded["spin"]["runtime_type"] == "io.containerd.spin.v2"


def test_k3s__spin_detected_by_itself__is_a_conflict_that_names_the_rendered_file(
    tmp_path: Path,
) -> None:
    node = make_product_node(tmp_path / "host", replace(K3S_2, detected="spin"))
    before = node.tree()
    with pytest.raises(ConflictError, match=rf"'spin' .* {K3S_2.main}:14 as") as caught:
        run(node, document(shim("spin")))
    assert caught.value.reason == "ForeignHandler"
    assert node.tree() == before


def test_k3s__detected_handler_is_the_wanted_one__is_adopted(tmp_path: Path) -> None:
    link = "/opt/wasmwright/bin/spin/containerd-shim-spin-v1"
    product = replace(K3S_2, detected="spin", detected_type=link)
    node = make_product_node(tmp_path / "host", product)
    spin = shim("spin", options={"SystemdCgroup": True})
    node.put("/sys/fs/cgroup/cgroup.controllers")
    node.put("/run/dbus/system_bus_socket")
    result = run(node, document(spin))
    assert (result.restarted, result.runtimes[0].message) == (
        False,
        "declared by somebody else, adopted",
    )


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("k3s 2.x server under another name", "k3s-edge.service holds a server of the control"),
        ("RKE2 agent", "rke2-agent.service holds the kubelet too"),
    ],
)
def test_apply__restart_takes_more_with_it__plan_and_result_say_so(
    tmp_path: Path, name: str, sentence: str
) -> None:
    node = make_product_node(tmp_path / "host", PRODUCTS[name])
    plan = explain_plan(node.host, document(shim("light")))
    assert sentence in plan.why
    assert sentence in plan.warnings[0]
    assert sentence in run(node, document(shim("light"))).warnings[0]
    assert run(node, document(shim("light"))).warnings == (), "nothing restarts"


def test_k0s__file_is_gone_but_still_loaded__writing_it_counts_as_a_restart(
    tmp_path: Path,
) -> None:
    node = make_product_node(tmp_path / "host", PRODUCTS["k0s"])
    run(node)
    node.files.delete("/etc/k0s/containerd.d/wasmwright.toml")
    node.add_pod("a1", "/opt/wasmwright/bin/light/containerd-shim-light-v1", "default/wasm")
    with pytest.raises(InUseError) as caught:
        run(node)
    assert caught.value.pods == ("default/wasm",)


def test_k0s__does_not_notice__is_undone(tmp_path: Path) -> None:
    node = make_product_node(tmp_path / "host", replace(PRODUCTS["k0s"], watches=False))
    before = node.tree()
    with pytest.raises(RolledBackError, match="'crun' is served as absent"):
        run(node)
    run(node, document())
    assert node.tree() == before


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=list(PRODUCTS))
def test_find_daemon__product__is_found_by_its_own_kubelet(
    tmp_path: Path, product: Product
) -> None:
    node = make_product_node(tmp_path, product)
    daemon = find_daemon(node.files, node.commands)
    assert replace(daemon, arguments=()) == replace(
        product.daemon, pid=DAEMON_PID, version=daemon.version
    )


def test_find_daemon__executable_holds_many_programs__is_called_by_its_link(
    tmp_path: Path,
) -> None:
    node = make_product_node(tmp_path, K3S_2)
    folder = K3S_2.executable.rpartition("/")[0]
    node.put(f"{folder}/k3s", b"\x7fELF")
    node.link(f"/proc/{DAEMON_PID}/exe", f"{folder}/k3s")
    node.put(f"/proc/{DAEMON_PID}/cmdline", f"containerd\0-c\0{K3S_2.main}\0".encode())
    assert find_daemon(node.files, node.commands).executable == f"{folder}/containerd"


def test_find_daemon__k3s_with_another_runtime__that_one_is_used(tmp_path: Path) -> None:
    """Several are installed: what counts is what the kubelet is told."""
    node = make_product_node(tmp_path, K3S_2)
    settings = f"container-runtime-endpoint: unix://{SOCKET}\n".encode()
    node.put("/etc/rancher/k3s/config.yaml", settings)
    node.put("/usr/bin/containerd", b"\x7fELF")
    node.daemon.executable = "/usr/bin/containerd"
    node.add_process(160, "/usr/bin/containerd", cgroup="0::/system.slice/containerd.service\n")
    node.link("/proc/160/fd/3", "socket:[99]")
    line = f"0: 00000002 00000000 00010000 0001 01 99 {SOCKET}\n"
    table = node.read(f"/proc/{KUBELET_PID}/net/unix") + line.encode()
    node.put(f"/proc/{KUBELET_PID}/net/unix", table)
    daemon = find_daemon(node.files, node.commands)
    assert (daemon.pid, daemon.config_path) == (160, "/etc/containerd/config.toml")
