import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from localcluster import locks
from localcluster.errors import LocalClusterError
from support.waiting import eventually


def test_exclusive__many_at_once__are_never_two_inside(tmp_path: Path) -> None:
    inside, most = 0, 0
    guard = threading.Lock()

    def enter(_: int) -> None:
        nonlocal inside, most
        with locks.exclusive(tmp_path / "lock"):
            with guard:
                inside += 1
                most = max(most, inside)
            time.sleep(0.002)
            with guard:
                inside -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enter, range(40)))
    assert most == 1


def test_exclusive__released__leaves_no_file(tmp_path: Path) -> None:
    with locks.exclusive(tmp_path / "folder" / "lock"):
        assert (tmp_path / "folder" / "lock").exists()
    assert not (tmp_path / "folder" / "lock").exists()


def test_exclusive__error_inside__is_released(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), locks.exclusive(tmp_path / "lock"):
        raise RuntimeError
    with locks.exclusive(tmp_path / "lock"):
        pass


def test_first_free__first_one_held__is_the_second(tmp_path: Path) -> None:
    series = (tmp_path / "1", tmp_path / "2")
    with locks.first_free(series) as first, locks.first_free(series) as second:
        assert (first, second) == series
    with locks.first_free(series) as again:
        assert again == tmp_path / "1"


def test_first_free__all_held__says_so(tmp_path: Path) -> None:
    series = (tmp_path / "1",)
    with (
        locks.first_free(series),
        pytest.raises(LocalClusterError, match="every lock"),
        locks.first_free(series),
    ):
        pass


HOLDER = """
import sys
from pathlib import Path
from localcluster import commands, locks

with locks.exclusive(Path("lock")):
    commands.run("sh", "-c", sys.argv[1], holds_locks=True)
"""
LASTING = "touch started; until [ -e go ]; do sleep 0.02; done; touch ended"


def test_exclusive__holder_was_killed__is_held_until_what_it_ran_has_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, LASTING]
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, cwd=tmp_path, env=paths) as holder:
        eventually((tmp_path / "started").exists, until=bool, within=60)
        holder.kill()
    lock = tmp_path / "lock"
    with pytest.raises(LocalClusterError), locks.first_free((lock,)):
        pass
    (tmp_path / "go").touch()
    with locks.exclusive(lock):
        assert (tmp_path / "ended").exists()
