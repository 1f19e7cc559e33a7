"""What goes wrong on real nodes, and that the node is well again without anybody's hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from localcluster import Node
from support.guests import TASKS, end_guests
from support.kube_view import condition, containerd_boots, get
from support.lab import Lab, Pod
from support.node_files import photograph
from support.node_installer import NodeInstaller
from support.waiting import eventually
from unit.installer.documents import artifacts, crun, document, shim
from wasmwright_installer.contract import NodeDocument, RuntimeEntry, WasmPods
from workloads import light_shim, real_shim

pytestmark = pytest.mark.e2e

LIMITS = ("--restart-timeout", "10", "--settle-timeout", "5")
SWITCH_SECONDS = 20
"""What follows from these limits."""

REFUSES_OURS = "ExecStartPre=/bin/sh -c 'sleep 1; ! grep -rqs runtimes.wasmtest /etc/containerd'"
"""Validation cannot see it: the configuration is good, and the unit fails with it."""
STARTS_LATE = "ExecStartPre=/bin/sleep 2"
TAKES_THE_POD_ALONG = (
    "ExecStopPost=/bin/sh -c 'for each in $(grep -lz wasmwright-installer /proc/[0-9]*/cmdline);"
    " do kill -9 $(basename $(dirname $each)); done; true'"
)

LIGHT = shim("wasmtest", content=light_shim.SCRIPT.read_bytes(), pods_survive_restart=True)
ONE = document(LIGHT)
NOTHING = document()


def real() -> RuntimeEntry:
    content = real_shim.ensure().read_bytes()
    entry = shim("wasmtime", content=content)
    handler = entry.handler.model_copy(update={"binary": real_shim.BINARY})
    return entry.model_copy(update={"handler": handler})


@pytest.fixture(params=[0, 1], ids=["containerd-1.7", "containerd-2.4"])
def node(request: pytest.FixtureRequest, lab: Lab) -> Node:
    return lab.nodes[request.param]


@pytest.fixture
def installer(node: Node, tmp_path: Path) -> Iterator[NodeInstaller]:
    wasmtime = real()
    contents = {"wasmtest": light_shim.SCRIPT.read_bytes(), "wasmtime": real_shim.ensure()}
    shims = {name: c if isinstance(c, bytes) else c.read_bytes() for name, c in contents.items()}
    folder = artifacts(tmp_path / "art", LIGHT, wasmtime, contents=shims)
    installer = NodeInstaller(node, folder, *LIMITS)
    yield installer
    end_guests(node)
    if installer.verdict:  # a test that failed half way must not fail the next one
        installer.apply(NOTHING, "--retry")
    assert installer.apply(NOTHING, "--retry")["reason"] == "Removed"
    assert not (node.root / "opt/wasmwright").exists()


def _is_ready(lab: Lab, node: Node) -> bool:
    return condition(get(lab.cluster, "node", node.name), "Ready").get("status") == "True"


def _unharmed(lab: Lab, node: Node, bystander: Pod) -> None:
    eventually(lambda: _is_ready(lab, node), until=bool, within=30)
    assert lab.pod_identity(bystander) == bystander.identity


def test_unit_fails_with_ours__is_undone_and_not_tried_again(
    lab: Lab, node: Node, installer: NodeInstaller
) -> None:
    bystander = lab.bystander(node)
    with installer.fault(REFUSES_OURS):
        before = photograph(node.root, "/etc")
        result = installer.apply(ONE)
        assert (result["exitCode"], result["reason"]) == (31, "RolledBack")
        assert photograph(node.root, "/etc") == before
        _unharmed(lab, node, bystander)
        boots = containerd_boots(node)
        assert installer.apply(ONE)["reason"] == "FailedBefore"
        assert containerd_boots(node) == boots
    assert installer.apply(ONE, "--retry")["exitCode"] == 0


def test_run_killed_while_containerd_is_down__the_node_comes_back_by_itself(
    lab: Lab, node: Node, installer: NodeInstaller
) -> None:
    bystander = lab.bystander(node)
    with installer.fault(REFUSES_OURS):
        before = photograph(node.root, "/etc")
        run = installer.start(ONE)
        installer.wait_state("activating")
        installer.kill(run)
        eventually(
            lambda: installer.verdict,
            until=lambda notes: notes.endswith("\nactive\n"),
            within=SWITCH_SECONDS + 15,
        )
        assert photograph(node.root, "/etc") == before
        _unharmed(lab, node, bystander)
        boots = containerd_boots(node)
        result = installer.apply(ONE)
        assert (result["exitCode"], result["reason"]) == (31, "SwitchFired")
        assert installer.apply(ONE)["reason"] == "FailedBefore"
        assert containerd_boots(node) == boots, "to tell of it costs no restart"
    assert installer.apply(ONE, "--retry")["exitCode"] == 0


def test_run_killed_and_another_comes__takes_over_and_the_switch_goes(
    lab: Lab, node: Node, installer: NodeInstaller
) -> None:
    bystander, boots = lab.bystander(node), containerd_boots(node)
    with installer.fault(STARTS_LATE):
        run = installer.start(ONE)
        installer.wait_state("activating")
        installer.kill(run)
        result = installer.apply(ONE)
    assert (result["exitCode"], result["reason"]) == (0, "Ready")
    assert installer.timer("ActiveState") == {"ActiveState": "inactive"}
    assert containerd_boots(node) == boots + 1, "the restart that PID 1 went on with"
    _unharmed(lab, node, bystander)


def test_switch__while_armed__knows_no_date(node: Node, installer: NodeInstaller) -> None:
    """The host's clock cannot be set for one node; what the timer counts on can be asked."""
    with installer.fault(STARTS_LATE):
        run = installer.start(ONE)
        installer.wait_state("activating")
        timer = installer.timer(
            *("ActiveState", "TimersMonotonic", "TimersCalendar", "NextElapseUSecRealtime")
        )
        assert installer.result(run)["exitCode"] == 0
    assert timer["ActiveState"] == "active"
    assert f"OnActiveUSec={SWITCH_SECONDS}s" in timer["TimersMonotonic"]
    assert (timer.get("TimersCalendar", ""), timer["NextElapseUSecRealtime"]) == ("", "")
    units = node.exec("systemctl", "list-units", "--all", "--no-legend", "wasmwright*")
    assert units.strip() == "", "nothing of the switch stays"


def _leave_dead_bundles(lab: Lab, node: Node, pod: Pod) -> None:
    """End a wasm pod, and have its bundles lie there as if its shim had died.

    `cp -x` leaves out what is mounted in them.
    """
    kept = "/run/kept-bundles"
    copy = f"mkdir {kept}; for each in $(grep -l wasmtime */shim-binary-path);"
    node.exec("sh", "-ec", f"cd {TASKS}; {copy} do cp -ax ${{each%/*}} {kept}; done")
    lab.delete_pod(pod)
    node.exec("sh", "-ec", f"mv {kept}/* {TASKS}/; rmdir {kept}; touch {TASKS}/*")


def _wasm_pod(lab: Lab, node: Node, installer: NodeInstaller) -> Pod:
    assert installer.apply(document(real()))["exitCode"] == 0
    lab.runtime_class("wasmtime")
    return lab.run_loop(node, "wasmtime")


def _more() -> NodeDocument:
    """What costs a restart, and permits to lose wasm pods by it."""
    return document(real(), crun(), wasm_pods=WasmPods.FORCE)


def test_start_hangs_on_a_dead_shim__is_freed_and_nothing_is_undone(
    lab: Lab, node: Node, installer: NodeInstaller
) -> None:
    bystander = lab.bystander(node)
    _leave_dead_bundles(lab, node, _wasm_pod(lab, node, installer))
    result = installer.apply(_more())
    assert (result["exitCode"], result["restarted"]) == (0, True)
    assert any("hung on what dead shims had left" in told for told in result["warnings"])
    assert {"wasmtime", "crun"} <= set(result["handlers"])
    _unharmed(lab, node, bystander)


def test_start_hangs_and_the_run_is_killed__the_switch_frees_it_too(
    lab: Lab, node: Node, installer: NodeInstaller
) -> None:
    bystander = lab.bystander(node)
    _leave_dead_bundles(lab, node, _wasm_pod(lab, node, installer))
    run = installer.start(_more())
    installer.wait_state("activating")
    installer.kill(run)
    eventually(
        lambda: installer.verdict,
        until=lambda notes: notes.endswith("\nactive\n"),
        within=SWITCH_SECONDS + 25,
    )
    assert "\nfreed " in installer.verdict
    _unharmed(lab, node, bystander)
    assert installer.apply(_more())["reason"] == "SwitchFired"


def test_restart_that_was_permitted__orphans_are_counted(
    lab: Lab, node: Node, installer: NodeInstaller
) -> None:
    bystander = lab.bystander(node)
    _wasm_pod(lab, node, installer)
    result = installer.apply(_more())
    assert result["exitCode"] == 0
    assert result["orphans"] in {1, 2}, "the container; its sandbox at once or a moment later"
    assert any("without containerd knowing of them: " in told for told in result["warnings"])
    _unharmed(lab, node, bystander)


def test_pod_of_the_run_goes_with_the_restart__the_next_one_proves_the_change(
    lab: Lab, tmp_path: Path
) -> None:
    node = lab.nodes[0]
    bystander, boots = lab.bystander(node), containerd_boots(node)
    with NodeInstaller(node, tmp_path).fault(TAKES_THE_POD_ALONG):
        lab.declare("wasmtest")
        lab.ask(node, "wasmtest")
        lab.wait_provisioned(node)
    assert containerd_boots(node) == boots + 1, "nothing was undone, and nothing done twice"
    assert get(lab.cluster, "wn", node.name)["status"]["state"] == "Ready"
    assert "hello from wasm" in lab.run_hello(node, "wasmtest")
    _unharmed(lab, node, bystander)
