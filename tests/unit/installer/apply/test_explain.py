"""`plan` and `status` say everything, and leave no trace of having looked."""

import os
from pathlib import Path

import pytest

from unit.installer import predecessors as texts
from unit.installer.documents import crun, document, fetched, shim
from unit.installer.fake_host.containerd import MAIN
from unit.installer.fake_host.containerd_node import MAIN_V2, make_node
from unit.installer.fake_host.files import Crash
from unit.installer.fake_host.node import FakeNode
from unit.installer.mains import G
from wasmwright_installer.apply.explain import explain_plan, explain_status
from wasmwright_installer.apply.run import apply
from wasmwright_installer.contract import (
    ExitCode,
    NodeDocument,
    NodeIdentity,
    PredecessorName,
    WasmPods,
)
from wasmwright_installer.errors import RolledBackError

KWASM = {"take_over": (PredecessorName.KWASM,)}


@pytest.fixture
def kwasm(tmp_path: Path) -> FakeNode:
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + texts.KWASM.encode())
    texts.leave_kwasm(node)
    return node


def stamps(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file and directory but those in which plans are staged for a moment."""
    found = {}
    for top, _, files in os.walk(root):
        for path in (Path(top), *(Path(top) / name for name in files)):
            if path not in {root / "run", root / "run/wasmwright"}:
                status = path.lstat()
                content = b"" if path.is_dir() or path.is_symlink() else path.read_bytes()
                found[str(path)] = (status.st_ino, status.st_mtime_ns, content)
    return found


def test_plan_and_status__looked_at_a_node__leave_every_byte_and_time(
    usual: FakeNode, tmp_path: Path
) -> None:
    (usual.root / "run").mkdir(exist_ok=True)
    wanted = document(shim("light"), crun())
    for _ in range(2):
        before = stamps(usual.root)
        explain_status(usual.host)
        explain_plan(usual.host, wanted)
        explain_plan(usual.host, document())
        assert stamps(usual.root) == before
        apply(usual.host, wanted, fetched(tmp_path, wanted))


def test_plan_and_status__refused__leave_every_byte_and_time(kwasm: FakeNode) -> None:
    before = stamps(kwasm.root)
    explain_status(kwasm.host)
    assert explain_plan(kwasm.host, document(crun())).exit_code == ExitCode.CONFLICT
    assert stamps(kwasm.root) == before


def test_plan__while_a_run_is_under_way__does_not_touch_what_that_one_staged(
    usual: FakeNode,
) -> None:
    usual.put("/run/wasmwright/stage/etc/containerd/config.toml", b"of the other run")
    explain_plan(usual.host, document(crun()))
    assert usual.files.names("/run/wasmwright") == ["stage"]


def test_plan__new_handler__shows_what_the_daemon_would_understand(usual: FakeNode) -> None:
    plan = explain_plan(usual.host, document(shim("light")))
    (line,) = plan.effective
    assert line.startswith("plugins.io.containerd.")
    assert line.endswith(
        ".containerd.runtimes.light.runtime_type: absent -> "
        "'/opt/wasmwright/bin/light/containerd-shim-light-v1'"
    )


@pytest.mark.parametrize(
    ("wanted", "code", "reason"),
    [
        (document(crun()), ExitCode.CONFLICT, "Adoptable"),
        (NodeDocument(node=NodeIdentity(machine_id="f")), ExitCode.WRONG_NODE, "WrongMachine"),
    ],
    ids=["conflict", "other machine"],
)
def test_plan__apply_would_be_refused__says_so_in_the_same_structure(
    kwasm: FakeNode, wanted: NodeDocument, code: ExitCode, reason: str
) -> None:
    plan = explain_plan(kwasm.host, wanted)
    assert (plan.exit_code, plan.reason, plan.files) == (code, reason, ())
    assert plan.message
    assert plan.container_runtime == "containerd://1.7.24"
    assert plan.leftovers[0].predecessor == "kwasm"


def test_plan__daemon_is_down__says_what_can_be_said_of_the_node(usual: FakeNode) -> None:
    usual.daemon.is_up = False
    plan = explain_plan(usual.host, document(crun()))
    assert (plan.exit_code, plan.reason) == (ExitCode.REFUSED, "CRIUnavailable")
    assert (plan.distribution, plan.container_runtime) == ("debian 13", "")


def test_plan__pods_in_the_way__is_complete_and_says_that_apply_stops(usual: FakeNode) -> None:
    usual.add_pod("s1", "/usr/local/bin/containerd-shim-spin-v2", "shop/cart")
    wanted = document(shim("light"))
    plan = explain_plan(usual.host, wanted)
    assert (plan.exit_code, plan.reason) == (ExitCode.IN_USE, "RestartWouldOrphanPods")
    assert (plan.restart, plan.pods_lost, len(plan.files) > 0) == (True, ("shop/cart",), True)
    forced = explain_plan(usual.host, wanted.model_copy(update={"wasm_pods": WasmPods.FORCE}))
    assert (forced.exit_code, forced.message) == (ExitCode.DONE, "")
    assert "shop/cart" in forced.warnings[0]


def test_plan__change_failed_before__says_so_unless_it_is_to_be_tried_again(
    usual: FakeNode, tmp_path: Path
) -> None:
    usual.daemon.refuses = "light"
    wanted = document(shim("light"))
    with pytest.raises(RolledBackError):
        apply(usual.host, wanted, fetched(tmp_path, wanted))
    assert explain_plan(usual.host, wanted).reason == "FailedBefore"
    assert explain_plan(usual.host, wanted, retry=True).reason == ""


def test_plan__run_was_ended_in_the_middle__warns(
    usual: FakeNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die() -> None:
        raise Crash

    monkeypatch.setattr(usual.daemon, "restart", die)
    wanted = document(shim("light"))
    with pytest.raises(Crash):
        apply(usual.host, wanted, fetched(tmp_path, wanted))
    assert "in the middle of a change" in explain_plan(usual.host, wanted).warnings[-1]
    assert explain_status(usual.host).unfinished


def test_plan__takeover__names_each_handler_with_its_place(kwasm: FakeNode) -> None:
    plan = explain_plan(kwasm.host, document(crun()).model_copy(update=KWASM))
    assert plan.exit_code == ExitCode.DONE
    assert plan.handlers_taken_over["crun"] == f"{MAIN}:9"
    assert plan.handlers_changed == ("crun",)
    assert set(plan.handlers_removed) == plan.handlers_taken_over.keys() - {"crun"}
    (file,) = plan.files
    assert '-    BinaryName = "/opt/kwasm/bin/crun"\n' in file.diff
    assert any(line.endswith("'/opt/wasmwright/bin/crun/crun'") for line in plan.effective)


def test_status__node_of_kwasm__lists_everything_that_it_left(kwasm: FakeNode) -> None:
    kwasm.add_pod(
        "s1", "/usr/bin/containerd-shim-runc-v2", "shop/cart", runtime="/opt/kwasm/bin/crun"
    )
    (left,) = explain_status(kwasm.host).leftovers
    assert left.predecessor == "kwasm"
    assert left.handlers["crun"] == f"{MAIN}:9"
    assert len(left.handlers) == 7
    assert "/opt/kwasm/bin/crun" in left.files
    assert "/usr/bin/containerd-shim-spin-v1" in left.files
    assert left.notes == ("/opt/kwasm/active",)
    assert left.folders == ("/opt/kwasm/bin", "/opt/kwasm/lib", "/opt/kwasm")
    assert {"handler crun", "pod shop/cart"} <= set(left.in_use)


def test_status__both_predecessors__are_told_apart(tmp_path: Path) -> None:
    main = MAIN_V2 + texts.KWASM.encode() + texts.RCM.encode()
    node = make_node(tmp_path / "host", "1.7.24", main)
    texts.leave_rcm(node)
    kwasm, rcm = explain_status(node.host).leftovers
    assert (kwasm.folders, len(kwasm.handlers)) == ((), 7)
    assert (rcm.notes, set(rcm.handlers)) == (
        ("/opt/rcm/rcm-lock.json",),
        {"spin-v2", "wasmtime-v1"},
    )


def test_status__nobody_was_here__has_no_leftovers(usual: FakeNode) -> None:
    table = f'[{G}.containerd.runtimes.spin]\n  runtime_type = "io.containerd.spin.v2"\n'
    usual.put(MAIN, usual.read(MAIN) + table.encode())
    assert explain_status(usual.host).leftovers == ()
