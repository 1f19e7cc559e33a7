"""The table of failure modes names tests that exist, for every mode."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
ROW = re.compile(r"^\| (\d+) \| .* \| .* \| (.*) \|$", re.MULTILINE)


def test_failure_modes__every_row__names_tests_that_exist() -> None:
    rows = dict(ROW.findall((ROOT / "docs/failure-modes.md").read_text()))
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    assert [int(number) for number in rows] == list(range(1, 34))
    for number, cell in rows.items():
        named = re.findall(r"`(test_\w+)`", cell)
        assert named, f"row {number} names no test"
        assert set(named) <= there, f"row {number} names {set(named) - there}"
