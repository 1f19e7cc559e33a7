"""containerd itself judges what the installer writes: 1.7 as Debian builds it, and 2.4."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unit.installer.mains import SCHEMA_2, schema_3
from unit.installer.planning import plan_for
from wasmwright_installer.config import tables
from wasmwright_installer.config.dump import Dump, refuse_side_effects
from wasmwright_installer.config.files import FilePlan, FileRecord, Present, drop_in_path, sha256
from wasmwright_installer.config.imports import load_order, matches
from wasmwright_installer.config.stage import staged

pytestmark = pytest.mark.integration

MAIN = "/etc/containerd/config.toml"
WANTED: dict[str, dict[str, Any]] = {
    "light": {"runtime_type": "/opt/wasmwright/bin/light/containerd-shim-light-v1"},
    "crun": {
        "runtime_type": "io.containerd.runc.v2",
        "pod_annotations": ["module.wasm.image/*"],
        "options": {"BinaryName": "/opt/wasmwright/bin/crun/crun", "SystemdCgroup": True},
    },
}
MORE: dict[str, dict[str, Any]] = WANTED | {
    "spin": {
        "runtime_type": "/opt/wasmwright/bin/spin/containerd-shim-spin-v2",
        "options": {"SystemdCgroup": True},
    }
}


def ask(daemon: Path, folder: Path, files: dict[str, bytes]) -> Dump:
    """What the daemon makes of these files; no file at all means its own defaults."""
    for path, content in staged(files, str(folder)).items():
        place = Path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    arguments = ["-c", f"{folder}{MAIN}", "config", "dump"] if files else ["config", "default"]
    done = subprocess.run([daemon, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Dump.parse(done.stdout, done.stderr)


def present(files: dict[str, bytes], major: int, plan: FilePlan | None = None) -> Present:
    changes = plan.changes if plan else ()
    tree = load_order(MAIN, files.get, lambda glob: [p for p in files if matches(glob, p)])
    records = {
        each.path: FileRecord(each.path, sha256(each.after), each.original)
        for each in changes
        if each.after is not None
    }
    names = plan.names if plan else frozenset[str]()
    return Present(MAIN, tree, major, records, names, files.get(drop_in_path(MAIN)))


def step(
    daemon: Path,
    folder: Path,
    now: Present,
    handlers: dict[str, dict[str, Any]],
    ours: frozenset[str],
) -> tuple[FilePlan, dict[str, bytes]]:
    """Plan a change and let the daemon judge it, as a run does."""
    before = ask(daemon, folder / "before", dict(now.tree))
    foreign = {
        name: {key: value for key, value in table.items() if value not in ("", 0, [], {})}
        for name, table in tables.all_runtimes(before.document).items()
        if name not in ours
    }
    schema = int(before.document["version"])
    plan = plan_for(now, handlers, foreign, schema)
    after = ask(daemon, folder / "after", dict(plan.tree))
    refuse_side_effects(before, after, handlers, ours | handlers.keys())
    return plan, dict(plan.tree)


def walk(daemon: Path, folder: Path, major: int, files: dict[str, bytes]) -> None:
    """Add two, add a third, give back: each judged, and at the end every byte as before."""
    first, once = step(daemon, folder / "1", present(files, major), WANTED, frozenset())
    second, twice = step(daemon, folder / "2", present(once, major, first), MORE, frozenset(WANTED))
    _, back = step(daemon, folder / "3", present(twice, major, second), {}, frozenset(MORE))
    assert back == files


@pytest.mark.parametrize("text", SCHEMA_2.values(), ids=SCHEMA_2.keys())
def test_plan__containerd_1_7__changes_nothing_but_our_handlers(
    old: Path, tmp_path: Path, text: str
) -> None:
    walk(old, tmp_path, 1, {MAIN: text.encode()})


@pytest.mark.parametrize("schema", [lambda text: text, schema_3], ids=["schema 2", "schema 3"])
@pytest.mark.parametrize("text", SCHEMA_2.values(), ids=SCHEMA_2.keys())
def test_plan__containerd_2_4__changes_nothing_but_our_handlers(
    new: Path, tmp_path: Path, text: str, schema: Callable[[str], str]
) -> None:
    walk(new, tmp_path, 2, {MAIN: schema(text).encode()})


def test_plan__no_file__changes_nothing_but_our_handlers(
    old: Path, new: Path, tmp_path: Path
) -> None:
    walk(old, tmp_path / "old", 1, {})
    walk(new, tmp_path / "new", 2, {})
