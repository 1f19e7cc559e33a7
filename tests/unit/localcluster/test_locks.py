import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from localcluster import locks
from localcluster.errors import LocalClusterError


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
