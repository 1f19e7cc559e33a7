"""The page of systems names entries of the catalogue and tests that exist, and all of both."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/ecosystem.md").read_text()


def test_ecosystem__every_test_that_it_names__exists() -> None:
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    named = set(re.findall(r"`(test_\w+)`", PAGE))

    assert named
    assert named <= there, named - there


def test_ecosystem__every_entry_of_the_catalogue__has_its_row() -> None:
    _, _, rest = PAGE.partition("## Installed by wasmwright")
    part, _, _ = rest.partition("\n## ")
    entries = {path.stem for path in (ROOT / "deploy/catalogue").glob("*.yaml")}
    rows = (row.split("|")[3] for row in part.splitlines() if row.startswith("| "))

    assert {name for row in rows for name in re.findall(r"`([\w-]+)`", row)} == entries


def test_ecosystem__no_row_is_empty() -> None:
    rows = [row for row in PAGE.splitlines() if row.startswith("| ")]

    assert len(rows) > 50
    assert all(cell.strip() for row in rows for cell in row.strip("|").split("|"))
