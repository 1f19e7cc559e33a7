"""containerd judges takeovers: their tables go, ours come, and nobody else's changes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integration.installer.test_oracle import MAIN, ask, present
from unit.installer import predecessors as texts
from unit.installer.mains import SCHEMA_2, schema_3
from wasmwright_installer.config import tables
from wasmwright_installer.config.base import base_of
from wasmwright_installer.config.dump import refuse_side_effects
from wasmwright_installer.config.files import FilePlan
from wasmwright_installer.config.predecessors.takeover import PREDECESSORS, left_in, without
from wasmwright_installer.layouts.containerd1 import CONTAINERD_1
from wasmwright_installer.layouts.containerd2 import CONTAINERD_2
from wasmwright_installer.layouts.layout import Task, plan_files

pytestmark = pytest.mark.integration

FOUND = (
    *("plain", "comments everywhere", "blank lines at the end", "single quotes", "super table"),
    *("imports over lines", "empty imports", "marks in a string", "array of tables", "umlauts"),
)
"""Main files to which a table can be appended at all, and that declare runc."""

WANTED: dict[str, dict[str, Any]] = {
    "wasmtime": {"runtime_type": "/opt/wasmwright/bin/wasmtime/containerd-shim-wasmtime-v1"},
    "crun": {
        "runtime_type": "io.containerd.runc.v2",
        "options": {"BinaryName": "/opt/wasmwright/bin/crun/crun", "SystemdCgroup": True},
    },
}
LEFT = {
    "KWasm": texts.KWASM,
    "KWasm by path": texts.KWASM_PATHS,
    "runtime-class-manager": texts.RCM,
    "both": texts.KWASM + texts.RCM,
}


def plan_takeover(
    daemon: Path, folder: Path, files: dict[str, bytes], major: int, handlers: dict[str, Any]
) -> FilePlan:
    """Plan a takeover and let the daemon judge it, as a run does."""
    now = present(files, major)
    found = [e for one in PREDECESSORS.values() for e in left_in(now.tree, one, {})]
    assert found
    ours = frozenset(each.handler for each in found) | handlers.keys()
    before = ask(daemon, folder / "before", files)
    foreign = tables.all_runtimes(before.document).keys() - ours
    defaults = {name: tables.all_runtimes(before.document)[name] for name in foreign}
    base = without(base_of(now), PREDECESSORS.values(), {})
    task = Task(now, base, handlers, defaults, int(before.document["version"]))
    plan = plan_files(CONTAINERD_1 if major == 1 else CONTAINERD_2, task)
    refuse_side_effects(before, ask(daemon, folder / "after", dict(plan.tree)), handlers, ours)
    return plan


def walk(daemon: Path, folder: Path, major: int, main: str, left: str) -> None:
    """Take over with handlers of ours, and for nothing: judged, and at the end as before them."""
    files = {MAIN: (main + left).encode()}
    plan = plan_takeover(daemon, folder / "1", files, major, WANTED)
    text = b"".join(plan.tree.values())
    assert b"/opt/kwasm" not in text
    assert b"/opt/rcm" not in text
    assert {change.original for change in plan.changes} <= {None, main.encode()}
    nothing = plan_takeover(daemon, folder / "2", files, major, {})
    assert dict(nothing.tree) == {MAIN: main.encode()}


@pytest.mark.parametrize("left", LEFT.values(), ids=LEFT.keys())
@pytest.mark.parametrize("name", FOUND)
def test_takeover__containerd_1_7__changes_nothing_but_theirs_and_ours(
    old: Path, tmp_path: Path, name: str, left: str
) -> None:
    walk(old, tmp_path, 1, SCHEMA_2[name], left)


@pytest.mark.parametrize("schema", [lambda text: text, schema_3], ids=["schema 2", "schema 3"])
@pytest.mark.parametrize("left", LEFT.values(), ids=LEFT.keys())
@pytest.mark.parametrize("name", FOUND)
def test_takeover__containerd_2_4__changes_nothing_but_theirs_and_ours(
    new: Path, tmp_path: Path, name: str, left: str, schema: Callable[[str], str]
) -> None:
    walk(new, tmp_path, 2, schema(SCHEMA_2[name]), left)


@pytest.mark.parametrize("left", [texts.KWASM, texts.RCM], ids=["KWasm", "runtime-class-manager"])
def test_takeover__tables_were_corrected_for_schema_3__changes_nothing_but_theirs_and_ours(
    new: Path, tmp_path: Path, left: str
) -> None:
    walk(new, tmp_path, 2, schema_3(SCHEMA_2["plain"]), schema_3(left))
