"""What is marked `no_cover` is not traced, wherever it runs; all else is."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import support

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
    options = ["-p", "support.untraced", "--cov=.", "--cov-report=", "-n", str(workers)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir=.", *options, "."],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(support.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr
