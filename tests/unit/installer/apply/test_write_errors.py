"""The host takes no more at every single write: every byte stays as it was, or the goal is reached.

What needs no space (renames, deletions) still works, as on a real full disk; a second kind of test
refuses everything below one directory, as a read-only file system does.
"""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from unit.installer.apply.test_crash import CASES, NOTHING, TWO, prepared, run
from unit.installer.fake_host.containerd_node import copy_of
from unit.installer.fake_host.node import FakeNode
from wasmwright_installer.contract import NodeDocument
from wasmwright_installer.errors import RefusedError

pytestmark = pytest.mark.no_cover  # hundreds of runs of what other tests measure once

REASONS = {
    errno.ENOSPC: "DiskFull",
    errno.EDQUOT: "DiskQuotaExceeded",
    errno.EROFS: "ReadOnlyHost",
}


def _writes(node: FakeNode, wanted: NodeDocument) -> int:
    node.files.writes = 0
    run(node, wanted)
    return node.files.writes


def _refusing(point: int, *, stays: bool) -> Callable[[int, str], int]:
    def refuse(number: int, _path: str) -> int:
        return errno.ENOSPC if number == point or (stays and number > point) else 0

    return refuse


@pytest.mark.parametrize(
    ("version", "main", "first", "then", "stays"),
    [
        pytest.param(*case.values, stays, id=f"{case.id}, {'from then on' if stays else 'once'}")
        for case in CASES
        for stays in (False, True)
        if stays or case.id.endswith(" 1.7")
    ],
)
def test_apply__disk_is_full_at_any_write__is_as_before_or_complete(
    tmp_path: Path,
    version: str,
    main: bytes | None,
    first: NodeDocument,
    then: NodeDocument,
    stays: bool,  # noqa: FBT001  # a column of the table
) -> None:
    before = prepared(tmp_path / "prepared", version, main, first)
    goal = copy_of(before, tmp_path / "goal")
    writes = _writes(goal, then)
    untouched, reached = before.tree(), goal.tree()
    refused = 0
    for point in range(1, writes + 1):
        node = copy_of(before, tmp_path / str(point))
        node.files.refuses = _refusing(point, stays=stays)
        try:
            run(node, then)
        except RefusedError as error:
            refused += 1
            told = (error.reason, "No space left on device" in error.message)
            assert told == ("DiskFull", True)  # some writes end well
            assert node.tree() == untouched, f"refused at write {point} of {writes}"
            assert node.daemon.restarts == 0, f"refused at write {point} of {writes}"
        else:
            assert node.daemon.loaded == goal.daemon.loaded, f"refused at write {point}"
        node.files.refuses = lambda _number, _path: 0
        run(node, then)
        assert node.tree() == reached, f"refused at write {point} of {writes}"
        assert node.daemon.loaded == goal.daemon.loaded, f"refused at write {point}"
    assert refused >= 2


@pytest.mark.parametrize("folder", ["/etc", "/opt", "/run"])
@pytest.mark.parametrize("number", list(REASONS), ids=list(REASONS.values()))
def test_apply__file_system_takes_nothing__is_as_before_and_says_why(
    tmp_path: Path, folder: str, number: int
) -> None:
    node = prepared(tmp_path / "host", *CASES[0].values[:2], NOTHING)
    before = node.tree()
    node.files.refuses = lambda _number, path: number if path.startswith(folder) else 0
    with pytest.raises(RefusedError, match=rf"{folder}\S* cannot be written") as caught:
        run(node, TWO)
    assert caught.value.reason == REASONS[number]
    assert node.tree() == before
    assert node.daemon.restarts == 0


def test_apply__disk_is_full_and_nothing_is_to_do__needs_no_space(tmp_path: Path) -> None:
    node = prepared(tmp_path / "host", *CASES[0].values[:2], TWO)
    node.files.refuses = lambda _number, path: errno.ENOSPC if path.startswith("/opt") else 0
    run(node, TWO)
