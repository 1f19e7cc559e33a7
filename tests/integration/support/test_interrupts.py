"""A real session with workers is interrupted: each of them still takes down what it raised."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

CONFTEST = """
import time
from pathlib import Path
import pytest
from xdist.workermanage import NodeManager

NodeManager.EXIT_TIMEOUT = 0.2

@pytest.fixture(scope="session")
def raised(worker_id):
    there = Path(__file__).with_name(f"raised-{worker_id}")
    there.touch()
    yield there
    time.sleep(0.7)
    there.unlink()

@pytest.fixture
def made(raised):
    there = raised.with_name(f"made-{raised.name}")
    there.touch()
    yield
    time.sleep(0.3)
    there.unlink()
"""
TEST = """
import time

def test_that_takes_long(made):
    time.sleep(60)
"""


def _group(session: subprocess.Popen[str]) -> None:
    os.killpg(session.pid, signal.SIGINT)


def _session_only(session: subprocess.Popen[str]) -> None:
    session.send_signal(signal.SIGINT)


@pytest.mark.parametrize("interrupt", [_group, _session_only])
def test_interrupt__workers_busy__take_down_what_they_raised(
    tmp_path: Path, interrupt: Callable[[subprocess.Popen[str]], None]
) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    for name in "ab":
        (tmp_path / f"test_{name}.py").write_text(TEST)
    options = ("-p", "support.interrupts", "-p", "no:cacheprovider", "-n2", "--dist=loadfile")
    session = subprocess.Popen(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        start_new_session=True,
    )
    try:
        _wait_for(lambda: len(list(tmp_path.glob("made-*"))) == 2)
        interrupt(session)
        told, _ = session.communicate(timeout=30)
    finally:
        session.kill()
    assert session.returncode == pytest.ExitCode.INTERRUPTED, told
    assert "KeyboardInterrupt" in told
    assert list(tmp_path.glob("*raised-*")) == []


def _wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)
