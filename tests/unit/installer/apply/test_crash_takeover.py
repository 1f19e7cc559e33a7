"""The process dies at every single change of a takeover; a second run always reaches the goal."""

from pathlib import Path

import pytest

from unit.installer import predecessors as texts
from unit.installer.documents import artifacts, crun, document, shim
from unit.installer.fake_host.containerd import MAIN
from unit.installer.fake_host.containerd_node import MAIN_V2, MAIN_V3, copy_of, make_node
from unit.installer.fake_host.files import Crash
from unit.installer.fake_host.node import FakeNode
from unit.installer.mains import G, R
from wasmwright_installer.apply.run import apply
from wasmwright_installer.contract import NodeDocument, PredecessorName

pytestmark = pytest.mark.no_cover  # hundreds of runs of what other tests measure once

NODES = {
    "1.7": ("1.7.24", MAIN_V2, texts.KWASM),
    "2.4": ("2.4.2", MAIN_V3, texts.KWASM.replace(G, R)),
}
PERMITTED = {"take_over": (PredecessorName.KWASM,)}
WANTED = document(shim("wasmtime"), crun()).model_copy(update=PERMITTED)
NOTHING = document()


@pytest.fixture(autouse=True)
def _no_waiting_for_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)


def _run(node: FakeNode, wanted: NodeDocument) -> None:
    apply(node.host, wanted, artifacts(node.root / "art", *wanted.runtimes))


@pytest.mark.parametrize(("version", "before", "left"), NODES.values(), ids=NODES.keys())
def test_apply__takeover_dies_at_any_change__the_next_run_reaches_the_goal(
    tmp_path: Path, version: str, before: bytes, left: str
) -> None:
    prepared = make_node(tmp_path / "prepared", version, before + left.encode())
    texts.leave_kwasm(prepared, "wasmtime")
    goal = copy_of(prepared, tmp_path / "goal")
    _run(goal, WANTED)
    points = goal.files.changes
    reached = goal.tree()
    assert points > 40, "removing what KWasm left is among them"
    for point in range(1, points + 1):
        node = copy_of(prepared, tmp_path / str(point))
        node.files.dies_at = point
        with pytest.raises(Crash):
            _run(node, WANTED)
        node.files.dies_at = None
        declared = node.daemon.handlers(MAIN)
        assert {"runc", "crun", "wasmtime"} <= declared.keys(), f"died at change {point}"
        _run(node, WANTED)
        assert node.tree() == reached, f"died at change {point} of {points}"
        assert node.daemon.loaded == goal.daemon.loaded, f"died at change {point} of {points}"
        assert not node.files.exists("/opt/kwasm"), f"died at change {point} of {points}"
        assert node.files.names("/usr/lib") == [], f"died at change {point} of {points}"
        if point % 4 == 0:
            _run(node, NOTHING)
            assert node.read(MAIN) == before, f"died at change {point} of {points}"


def test_apply__takeover_for_nothing_dies_at_any_change__the_next_run_reaches_the_goal(
    tmp_path: Path,
) -> None:
    prepared = make_node(tmp_path / "prepared", "1.7.24", MAIN_V2 + texts.KWASM.encode())
    texts.leave_kwasm(prepared, "wasmtime")
    leave = NOTHING.model_copy(update=PERMITTED)
    goal = copy_of(prepared, tmp_path / "goal")
    _run(goal, leave)
    reached = goal.tree()
    for point in range(1, goal.files.changes + 1):
        node = copy_of(prepared, tmp_path / str(point))
        node.files.dies_at = point
        with pytest.raises(Crash):
            _run(node, leave)
        node.files.dies_at = None
        assert "runc" in node.daemon.handlers(MAIN)
        _run(node, leave)
        assert node.tree() == reached, f"died at change {point}"
        assert node.daemon.loaded == goal.daemon.loaded, f"died at change {point}"
