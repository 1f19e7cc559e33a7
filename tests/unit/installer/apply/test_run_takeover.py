"""Nodes that KWasm or runtime-class-manager were on become ours, and theirs goes."""

from pathlib import Path

import pytest

from unit.installer import predecessors as texts
from unit.installer.documents import SPIN, crun, document, fetched, shim
from unit.installer.fake_host.containerd import MAIN
from unit.installer.fake_host.containerd_node import MAIN_V2, MAIN_V3, make_node
from unit.installer.fake_host.node import FakeNode
from unit.installer.mains import G, R
from wasmwright_installer.apply.run import apply
from wasmwright_installer.contract import NodeDocument, PredecessorName, WasmPods
from wasmwright_installer.errors import ConflictError, InUseError, RolledBackError
from wasmwright_installer.host.commands import Completed

BOTH = (PredecessorName.KWASM, PredecessorName.RCM)
KWASM_BIN = "/opt/kwasm/bin"

NODES = {
    "1.7": ("1.7.24", MAIN_V2, MAIN_V2 + texts.KWASM.encode()),
    "1.7, by path": ("1.7.24", MAIN_V2, MAIN_V2 + texts.KWASM_PATHS.encode()),
    "2.4": ("2.4.2", MAIN_V3, MAIN_V3 + texts.KWASM.replace(G, R).encode()),
    "2.4 in the table that nobody reads": ("2.4.2", MAIN_V3, MAIN_V3 + texts.KWASM.encode()),
    "2.4 with the older table": ("2.4.2", MAIN_V2, MAIN_V2 + texts.KWASM.encode()),
}


def take_over(wanted: NodeDocument, *names: PredecessorName) -> NodeDocument:
    return wanted.model_copy(update={"take_over": names or BOTH})


@pytest.fixture(params=list(NODES.values()), ids=list(NODES))
def kwasm(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[FakeNode, bytes]:
    """A node as KWasm left it, with the main file that it found."""
    version, before, after = request.param
    node = make_node(tmp_path / "host", version, after)
    texts.leave_kwasm(node)
    return node, before


def test_apply__kwasm_is_taken_over__one_restart_and_nothing_of_it_is_left(
    kwasm: tuple[FakeNode, bytes], tmp_path: Path
) -> None:
    node, _ = kwasm
    wanted = take_over(document(shim("wasmtime"), crun(), declared=(SPIN,)))
    result = apply(node.host, wanted, fetched(tmp_path, wanted))
    assert (result.reason, node.daemon.restarts, result.warnings) == ("Ready", 1, ())
    assert result.leftovers == ()
    assert set(node.daemon.loaded) == {"runc", "wasmtime", "crun", "spin"}
    assert node.daemon.loaded["crun"]["options"]["BinaryName"] == "/opt/wasmwright/bin/crun/crun"
    assert b"kwasm" not in node.read(MAIN)
    assert not node.files.exists("/opt/kwasm")
    assert node.files.names("/usr/lib") == []
    assert node.files.names("/usr/bin") == ["containerd", "crun"]


def test_apply__node_is_given_back__what_was_taken_over_does_not_come_back(
    kwasm: tuple[FakeNode, bytes], tmp_path: Path
) -> None:
    node, before = kwasm
    wanted = take_over(document(shim("wasmtime")))
    apply(node.host, wanted, fetched(tmp_path, wanted))
    apply(node.host, document(), None)
    assert node.read(MAIN) == before
    assert set(node.daemon.loaded) == {"runc"}
    assert not node.files.exists("/opt/wasmwright")


def test_apply__kwasm_is_taken_over_for_nothing__the_node_is_as_before_it(
    kwasm: tuple[FakeNode, bytes],
) -> None:
    node, before = kwasm
    apply(node.host, take_over(document()), None)
    assert node.read(MAIN) == before
    assert set(node.daemon.loaded) == {"runc"}
    assert not node.files.exists("/opt/kwasm")


def test_apply__second_run__changes_nothing_and_needs_no_permission_any_more(
    kwasm: tuple[FakeNode, bytes], tmp_path: Path
) -> None:
    node, _ = kwasm
    wanted = take_over(document(shim("wasmtime"), crun()))
    apply(node.host, wanted, fetched(tmp_path, wanted))
    before = node.tree()
    for again in (wanted, document(shim("wasmtime"), crun())):
        result = apply(node.host, again, None)
        assert (result.changed, result.restarted) == (False, False)
    assert node.tree() == before


def test_apply__no_permission__is_a_conflict_that_names_place_and_field(
    kwasm: tuple[FakeNode, bytes],
) -> None:
    node, _ = kwasm
    before = node.tree()
    place = rf"handler 'crun' is declared by KWasm in {MAIN}:\d+ .*\"takeOver\": \[\"kwasm\"\]"
    with pytest.raises(ConflictError, match=place):
        apply(node.host, document(crun()), None)
    with pytest.raises(ConflictError, match=place):
        apply(node.host, take_over(document(crun()), PredecessorName.RCM), None)
    assert node.tree() == before


def test_apply__runtime_beside_a_predecessor__its_result_tells_what_is_left(tmp_path: Path) -> None:
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + texts.RCM.encode())
    texts.leave_rcm(node)
    result = apply(node.host, document(crun()), None)
    (left,) = result.leftovers
    assert (left.predecessor, left.handlers) == ("rcm", ("spin-v2", "wasmtime-v1"))
    assert left.in_use == ()


def test_apply__rcm_is_taken_over__its_stanzas_and_lock_file_go(tmp_path: Path) -> None:
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + texts.RCM.encode())
    texts.leave_rcm(node)
    wanted = take_over(document(shim("wasmtime-v1"), shim("spin-v2")))
    result = apply(node.host, wanted, fetched(tmp_path, wanted))
    assert (result.restarted, node.daemon.restarts) == (True, 1)
    assert b"RCM" not in node.read(MAIN)
    assert node.files.names("/opt") == ["wasmwright"]
    apply(node.host, document(), None)
    assert node.read(MAIN) == MAIN_V2


def test_apply__both_were_here__both_are_taken_over_in_one_write(tmp_path: Path) -> None:
    main = MAIN_V2 + texts.KWASM.encode() + texts.RCM.encode() + b"# theirs\n"
    node = make_node(tmp_path / "host", "1.7.24", main)
    texts.leave_kwasm(node)
    texts.leave_rcm(node)
    wanted = take_over(document(crun(), shim("spin-v2")))
    apply(node.host, wanted, fetched(tmp_path, wanted))
    assert node.daemon.restarts == 1
    apply(node.host, document(), None)
    assert node.read(MAIN) == MAIN_V2 + b"# theirs\n"


def test_apply__pod_of_their_crun_runs__it_goes_on_and_its_binary_stays_until_it_ends(
    kwasm: tuple[FakeNode, bytes],
) -> None:
    node, _ = kwasm
    shim_path = "/usr/bin/containerd-shim-runc-v2"
    bundle = node.add_pod("s1", shim_path, "shop/cart", runtime=f"{KWASM_BIN}/crun")
    wanted = take_over(document(crun()))
    result = apply(node.host, wanted, None)
    assert result.restarted
    assert result.warnings == ("files of KWasm stay until nothing uses them: pod shop/cart",)
    (left,) = result.leftovers
    assert (left.predecessor, left.handlers, left.in_use) == ("kwasm", (), ("pod shop/cart",))
    assert node.files.exists(f"{KWASM_BIN}/crun")
    node.files.delete_tree(bundle)
    result = apply(node.host, document(crun()), None)
    assert (result.changed, result.restarted, result.warnings) == (True, False, ())
    assert not node.files.exists("/opt/kwasm")


def test_apply__pod_of_their_shim_runs__is_named_and_nothing_is_changed(tmp_path: Path) -> None:
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + texts.KWASM.encode())
    texts.leave_kwasm(node)
    node.add_pod("s1", "/usr/bin/containerd-shim-wasmtime-v1", "shop/cart")
    before = node.tree()
    wanted = take_over(document(shim("wasmtime")))
    with pytest.raises(InUseError, match="shop/cart") as caught:
        apply(node.host, wanted, fetched(tmp_path, wanted))
    assert caught.value.reason == "RestartWouldOrphanPods"
    assert node.tree() == before
    forced = wanted.model_copy(update={"wasm_pods": WasmPods.FORCE})
    assert apply(node.host, forced, fetched(tmp_path, forced)).restarted
    assert node.files.exists(f"{KWASM_BIN}/containerd-shim-wasmtime-v1"), "an orphan runs it"


@pytest.mark.parametrize("pods", list(WasmPods))
def test_apply__pod_of_a_handler_that_nobody_wants_any_more__is_never_left_without_it(
    tmp_path: Path, pods: WasmPods
) -> None:
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + texts.KWASM.encode())
    texts.leave_kwasm(node)
    shim_path = "/usr/bin/containerd-shim-runc-v2"
    node.add_pod("s1", shim_path, "shop/cart", runtime=f"{KWASM_BIN}/crun")
    before = node.tree()
    wanted = take_over(document(shim("wasmtime"))).model_copy(update={"wasm_pods": pods})
    with pytest.raises(InUseError, match=r"'crun' .*shop/cart") as caught:
        apply(node.host, wanted, fetched(tmp_path, wanted))
    assert caught.value.reason == "RuntimeInUse"
    assert node.tree() == before


def test_apply__somebody_loaded_their_library__the_files_stay(tmp_path: Path) -> None:
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + texts.KWASM.encode())
    texts.leave_kwasm(node)
    node.add_process(800, "/usr/bin/other")
    node.put("/proc/800/maps", b"7f00-7f01 r-xp 0 08:01 42  /opt/kwasm/lib/libwasmedge.so\n")
    result = apply(node.host, take_over(document(crun())), None)
    assert result.warnings == ("files of KWasm stay until nothing uses them: process 800",)
    assert node.files.exists("/usr/lib/libwasmedge.so")


def test_apply__document_leads_to_their_binary__it_stays(tmp_path: Path) -> None:
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + texts.KWASM.encode())
    texts.leave_kwasm(node)
    entry = crun()
    assert entry.source.host_path
    host = entry.source.host_path.model_copy(update={"path": f"{KWASM_BIN}/crun", "probe": None})
    source = entry.source.model_copy(update={"host_path": host})
    node.commands.answers[f"{KWASM_BIN}/crun"] = Completed(0)
    result = apply(
        node.host, take_over(document(entry.model_copy(update={"source": source}))), None
    )
    assert "to which a runtime of the document leads" in result.warnings[0]
    assert node.files.exists(f"{KWASM_BIN}/crun")


def test_apply__files_of_somebody_else_below_their_directory__are_left(tmp_path: Path) -> None:
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + texts.KWASM.encode())
    texts.leave_kwasm(node)
    node.put("/opt/kwasm/notes.txt", b"mine")
    apply(node.host, take_over(document(crun())), None)
    assert node.files.names("/opt/kwasm") == ["notes.txt"]


def test_apply__daemon_does_not_come_up__their_tables_are_back(
    kwasm: tuple[FakeNode, bytes], tmp_path: Path
) -> None:
    node, _ = kwasm
    main, loaded = node.read(MAIN), dict(node.daemon.loaded)
    node.daemon.refuses = "light"
    wanted = take_over(document(shim("light"), crun()))
    with pytest.raises(RolledBackError):
        apply(node.host, wanted, fetched(tmp_path, wanted))
    assert node.read(MAIN) == main
    assert node.daemon.loaded == loaded
    assert node.files.exists(f"{KWASM_BIN}/crun")


def test_apply__their_operator_installs_again__is_a_conflict_again(tmp_path: Path) -> None:
    node = make_node(tmp_path / "host", "1.7.24", MAIN_V2 + texts.KWASM.encode())
    texts.leave_kwasm(node)
    apply(node.host, take_over(document(crun())), None)
    node.put(
        MAIN, node.read(MAIN) + texts.KWASM.replace("runtimes.crun", "runtimes.other").encode()
    )
    texts.leave_kwasm(node)
    node.daemon.restart()
    with pytest.raises(ConflictError, match="takeOver"):
        apply(node.host, document(crun(), shim("spin")), None)
    assert node.files.exists("/opt/kwasm/active")
