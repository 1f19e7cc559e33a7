"""The process dies at every single change of a host with CRI-O's stand-in; a second run finishes.

CRI-O reads every file of its directory whatever its name, so at no point may there be any other
file of ours in it than the one that is meant.
"""

from pathlib import Path

import pytest

from unit.installer.documents import artifacts, crun, document, shim
from unit.installer.fake_crio import FOLDER, OWN, copy_of_crio, make_crio_node
from unit.installer.fake_host.files import Crash
from unit.installer.fake_host.node import FakeNode
from wasmwright_installer.apply.run import apply
from wasmwright_installer.contract import NodeDocument, RuntimeType
from wasmwright_installer.errors import RolledBackError

pytestmark = pytest.mark.no_cover  # hundreds of runs of what other tests measure once

WASM = crun(handler="crun-wasm")
LIGHT = shim("light", type=RuntimeType.OCI_RUNTIME)
NOTHING = document()
ONE = document(LIGHT)
TWO = document(LIGHT, WASM)
OPERATIONS = {
    "install": (NOTHING, TWO),
    "remove one": (TWO, ONE),
    "give back": (TWO, NOTHING),
}


@pytest.fixture(autouse=True)
def _no_waiting_for_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)


def _run(node: FakeNode, wanted: NodeDocument) -> None:
    apply(node.host, wanted, artifacts(node.root / "art", *wanted.runtimes))


def _dies(node: FakeNode, wanted: NodeDocument, point: int) -> bool:
    node.files.changes, node.files.dies_at = 0, point
    try:
        _run(node, wanted)
    except Crash:
        return True
    finally:
        node.files.dies_at = None
    return False


def _startable(node: FakeNode) -> None:
    assert {"crun", "runc"} <= set(node.daemon.handlers())
    assert set(node.files.names(FOLDER)) <= {"10-crio.conf", OWN.rpartition("/")[2]}


@pytest.mark.parametrize(("first", "then"), OPERATIONS.values(), ids=OPERATIONS)
def test_apply__dies_at_any_change__crio_can_start_and_the_next_run_reaches_the_goal(
    tmp_path: Path, first: NodeDocument, then: NodeDocument
) -> None:
    untouched = make_crio_node(tmp_path / "untouched").tree()
    prepared = make_crio_node(tmp_path / "prepared")
    _run(prepared, first)
    goal = copy_of_crio(prepared, tmp_path / "goal")
    goal.files.changes = 0
    _run(goal, then)
    points = goal.files.changes
    reached = goal.tree()
    assert points > 5
    for point in range(1, points + 1):
        node = copy_of_crio(prepared, tmp_path / str(point))
        assert _dies(node, then, point), f"no change number {point}"
        _startable(node)
        _run(node, then)
        where = f"died at change {point} of {points}"
        assert node.tree() == reached, where
        assert set(node.daemon.loaded) >= set(goal.daemon.handlers()), where
        if point % 4 == 0:
            _run(node, NOTHING)
            assert node.tree() == untouched, where


def test_apply__dies_while_it_goes_back__the_next_run_has_the_node_as_before(
    tmp_path: Path,
) -> None:
    pristine = make_crio_node(tmp_path / "pristine")
    point = 0
    while True:
        point += 1
        node = copy_of_crio(pristine, tmp_path / str(point))
        before = node.tree()
        node.daemon.refuses = "light"
        node.files.changes, node.files.dies_at = 0, point
        try:
            _run(node, ONE)
        except Crash:
            node.files.dies_at = None
        except RolledBackError:
            break
        _startable(node)
        node.daemon.refuses = ""
        if not node.daemon.is_up:
            with pytest.raises(RolledBackError, match="a run was ended"):
                _run(node, NOTHING)
        _run(node, NOTHING)
        assert node.tree() == before, f"died at change {point}"
        assert set(node.daemon.loaded) == {"crun", "runc"}, f"died at change {point}"
    assert point > 20
