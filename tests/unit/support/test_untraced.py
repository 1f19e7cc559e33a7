"""What is marked `no_cover` is not traced, wherever it runs; all else is."""

from pathlib import Path
from typing import Final

import pytest

from unit.support.nested import run_pytest

TESTS: Final = """
import sys
import pytest

@pytest.fixture
def traced():
    seen = [sys.gettrace() is not None]
    yield seen
    seen.append(sys.gettrace() is not None)
    assert seen in ([True] * 3, [False] * 3)

@pytest.mark.no_cover
def test_marked(traced):
    traced.append(sys.gettrace() is not None)
    assert traced == [False, False]

def test_not_marked(traced):
    traced.append(sys.gettrace() is not None)
    assert traced == [True, True]
"""


@pytest.mark.parametrize("workers", [0, 1])
def test_no_cover__in_the_main_process_and_in_workers__keeps_the_tracer_off(
    tmp_path: Path, workers: int
) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    options = ("-p", "support.untraced", "--cov=.", "--cov-report=", "-n", str(workers))
    said = run_pytest(tmp_path, *options, ".")
    assert "2 passed" in said, said
