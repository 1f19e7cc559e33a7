"""The table of scenarios names tests that exist, or says why there is none."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
ROW = re.compile(r"^\| (\d+) \| .* \| (objects|nodes|none) \| (.*) \|$", re.MULTILINE)


def test_scenarios__every_row__names_tests_that_exist_or_says_why_not() -> None:
    rows = {
        int(number): cell
        for number, _, cell in ROW.findall((ROOT / "docs/scenarios.md").read_text())
    }
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    assert list(rows) == list(range(1, 53))
    for number, cell in rows.items():
        named = re.findall(r"`(test_\w+)`", cell)
        assert named or cell.startswith("not here: "), f"row {number} names no test"
        assert set(named) <= there, f"row {number} names {set(named) - there}"
