"""containerd judges takeovers: their tables go, ours come, and nobody else's changes."""

from pathlib import Path
from typing import Any, Final

import pytest

from oracle.mains import HOSTILE, Main
from oracle.nodes import Node, changed, without
from oracle.operations import NOTHING
from oracle.oracles import each, oracle
from oracle.scores import Score
from unit.installer import predecessors as texts
from unit.installer.documents import crun, document, shim
from unit.installer.mains import schema_3

pytestmark = pytest.mark.no_cover  # unit tests measure what these run through

LEFT: Final = {
    "KWasm": texts.KWASM,
    "KWasm by path": texts.KWASM_PATHS,
    "runtime-class-manager": texts.RCM,
    "both": texts.KWASM + texts.RCM,
}
FOUND: Final = (
    *("plain", "comments everywhere", "blank lines at the end", "single quotes", "super table"),
    *("imports over lines", "empty imports", "marks in a string", "array of tables", "umlauts"),
)
"""Main files to which a table can be appended at all, and that declare runc."""
WANTED: Final = document(shim("wasmtime"), crun())
_OURS: Final = frozenset({"wasmtime", "crun"})


def _cases() -> list[Any]:
    mains = [main for main in HOSTILE if main.name.rpartition(",")[0] in FOUND]
    cases = [(main, name, left) for main in mains for name, left in LEFT.items()]
    cases += [
        (main, f"{name}, corrected", schema_3(left))
        for main in mains
        if main.name == "plain, schema 3"
        for name, left in LEFT.items()
    ]
    return [
        pytest.param(
            daemon.values[0], main, left, marks=daemon.marks, id=f"{daemon.id}-{main.name}-{name}"
        )
        for main, name, left in cases
        for daemon in each(main.since)
    ]


@pytest.mark.parametrize(("daemon", "main", "left"), _cases())
def test_takeover__with_ours_and_for_nothing__changes_nothing_but_theirs_and_ours(
    tmp_path: Path, score: Score, daemon: str, main: Main, left: str
) -> None:
    score("takeover", daemon)
    assert main.content is not None
    found = Main(main.name, main.content + left.encode(), since=main.since, others=main.others)
    node = Node(tmp_path / "node", oracle(daemon), found)
    names = node.of_predecessors() | _OURS
    before = without(node.dumped(), names)
    plan = node.converge(WANTED, takes_over=True)
    text = b"".join(plan.tree.values())
    assert b"/opt/kwasm" not in text
    assert b"/opt/rcm" not in text
    assert {change.original for change in plan.changes} <= {None, main.content}
    assert changed(before, without(node.dumped(), names)) == {}
    nothing = Node(tmp_path / "nothing", oracle(daemon), found)
    nothing.converge(NOTHING, takes_over=True)
    assert nothing.content == {**nothing.pristine, main.path: main.content}
