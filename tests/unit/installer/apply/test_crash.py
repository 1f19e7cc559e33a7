"""The process dies at every single change of the host; a second run always reaches the goal.

And at no point is there a configuration that the daemon would refuse, or without runc.
"""

from pathlib import Path

import pytest

from unit.installer.documents import artifacts, crun, document, shim
from unit.installer.fake_host.containerd_node import MAIN_V2, MAIN_V3, copy_of, make_node
from unit.installer.fake_host.files import Crash
from unit.installer.fake_host.node import FakeNode
from unit.installer.fake_product import make_product_node
from unit.installer.products import PRODUCTS, Product
from wasmwright_installer.apply.run import apply
from wasmwright_installer.contract import NodeDocument
from wasmwright_installer.errors import RolledBackError

pytestmark = pytest.mark.no_cover  # hundreds of runs of what other tests measure once

Main = bytes | None | Product
"""What is on the node: containerd's main file, or a distribution that renders it."""

NODES: dict[str, tuple[str, Main]] = {
    "1.7": ("1.7.24", MAIN_V2),
    "1.7 without a file": ("1.7.24", None),
    "2.4": ("2.4.2", MAIN_V3),
    "2.4 without a file": ("2.4.2", None),
}
RENDERED: dict[str, tuple[str, Main]] = {
    "k3s": ("", PRODUCTS["k3s 2.x"]),
    "k0s": ("", PRODUCTS["k0s"]),
}
ONE = document(shim("light"))
TWO = document(shim("light"), crun())
OTHER = document(shim("light", content=b"#!/bin/sh\n# newer\n"))
NOTHING = document()
OPERATIONS: dict[str, tuple[NodeDocument, NodeDocument]] = {
    "install": (NOTHING, TWO),
    "add": (ONE, TWO),
    "upgrade": (ONE, OTHER),
    "remove one": (TWO, ONE),
    "give back": (TWO, NOTHING),
}
NEWER = {"light": b"#!/bin/sh\n# newer\n"}


def _made(root: Path, version: str, main: Main) -> FakeNode:
    if isinstance(main, Product):
        return make_product_node(root, main)
    return make_node(root, version, main)


def prepared(tmp_path: Path, version: str, main: Main, first: NodeDocument) -> FakeNode:
    node = _made(tmp_path, version, main)
    if first.runtimes:
        apply(node.host, first, artifacts(tmp_path / "art", *first.runtimes))
    return node


def run(node: FakeNode, wanted: NodeDocument) -> None:
    contents = NEWER if wanted is OTHER else None
    folder = artifacts(node.root / "art", *wanted.runtimes, contents=contents)
    apply(node.host, wanted, folder)


def crash_at(node: FakeNode, wanted: NodeDocument, point: int) -> bool:
    """Run until the change of this number; return whether there is one."""
    node.files.changes, node.files.dies_at = 0, point
    try:
        run(node, wanted)
    except Crash:
        return True
    finally:
        node.files.dies_at = None
    return False


def _points(node: FakeNode, wanted: NodeDocument) -> int:
    node.files.changes = 0
    run(node, wanted)
    return node.files.changes


CASES = [
    pytest.param(*NODES[node], *OPERATIONS[operation], id=f"{operation} on {node}")
    for node in NODES
    for operation in OPERATIONS
    if node == "1.7" or operation in {"install", "give back"}
]
RENDERED_CASES = [
    pytest.param(*RENDERED[node], *OPERATIONS[operation], id=f"{operation} on {node}")
    for node in RENDERED
    for operation in ("install", "give back")
]


@pytest.mark.parametrize(("version", "main", "first", "then"), [*CASES, *RENDERED_CASES])
def test_apply__dies_at_any_change__the_next_run_reaches_the_goal(
    tmp_path: Path, version: str, main: Main, first: NodeDocument, then: NodeDocument
) -> None:
    untouched = _made(tmp_path / "untouched", version, main).tree()
    ready = prepared(tmp_path / "prepared", version, main, first)
    goal = copy_of(ready, tmp_path / "goal")
    points = _points(goal, then)
    reached = goal.tree()
    assert points > 5
    for point in range(1, points + 1):
        node = copy_of(ready, tmp_path / str(point))
        assert crash_at(node, then, point), f"no change number {point}"
        assert "runc" in node.daemon.next_start(), f"at {point}"
        run(node, then)
        assert node.tree() == reached, f"died at change {point} of {points}"
        assert node.daemon.loaded == goal.daemon.loaded, f"died at change {point} of {points}"
        if point % 4 == 0:
            run(node, NOTHING)
            assert node.tree() == untouched, f"died at change {point} of {points}"


@pytest.mark.parametrize(
    ("version", "main"),
    [NODES["1.7"], NODES["2.4 without a file"], RENDERED["k3s"]],
    ids=["1.7", "2.4", "k3s"],
)
def test_apply__dies_while_it_goes_back__the_next_run_has_the_node_as_before(
    tmp_path: Path, version: str, main: Main
) -> None:
    pristine = _made(tmp_path / "pristine", version, main)
    point = 0
    while True:
        point += 1
        node = copy_of(pristine, tmp_path / str(point))
        before, loaded = node.tree(), dict(node.daemon.loaded)
        node.daemon.refuses = "light"
        node.files.changes, node.files.dies_at = 0, point
        try:
            run(node, ONE)
        except Crash:
            node.files.dies_at = None
        except RolledBackError:
            break
        node.daemon.refuses = ""
        _settle(node)
        assert node.daemon.loaded == loaded, f"died at change {point}"
        assert node.tree() == before, f"died at change {point}"
    assert point > 20


def _settle(node: FakeNode) -> None:
    """Give the node back; where the daemon was down, the first run ends with the way back."""
    if not node.daemon.is_up:
        with pytest.raises(RolledBackError, match="a run was ended"):
            run(node, NOTHING)
    run(node, NOTHING)
