"""The page about scale keeps to what the benchmark measures."""

import re
from pathlib import Path

from perf.fleet.targets import ROWS

PAGE = Path(__file__).parents[3] / "docs/scale.md"
ROW = re.compile(r"^\| (T[^|]*?) \| (.*?) \|.*\| (.*?) ?\|$", re.MULTILINE)


def test_table__has_every_target_with_its_bound() -> None:
    assert ROW.findall(PAGE.read_text()) == [(row.number, row.words, row.goal) for row in ROWS]
