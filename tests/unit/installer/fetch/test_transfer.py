"""Servers that refuse, are busy or break off, and what an earlier run left of a download."""

import hashlib
from pathlib import Path

import pytest
import stamina

from unit.installer.fetch.downloads import LIMITS, NAME, SCRIPT, fetch, wanted
from unit.installer.fetch.server import Server, cut_after, status
from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.fetch import FetchLimits


@pytest.mark.parametrize("code", [404, 403, 410])
def test_fetch__server_says_no__is_not_tried_again(
    server: Server, tmp_path: Path, code: int
) -> None:
    document = wanted(server, SCRIPT)
    server.answers = [status(code)]
    with pytest.raises(ArtifactError, match=f"HTTP status {code}") as caught:
        fetch(document, tmp_path, LIMITS)
    assert (caught.value.reason, len(server.ranges)) == ("DownloadFailed", 1)


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_fetch__server_is_busy__is_tried_again(server: Server, tmp_path: Path, code: int) -> None:
    document = wanted(server, SCRIPT)
    server.answers = [status(code), status(code)]
    fetch(document, tmp_path, LIMITS)
    assert len(server.ranges) == 3


def test_fetch__server_stays_busy__gives_up(server: Server, tmp_path: Path) -> None:
    document = wanted(server, SCRIPT)
    server.answers = [status(503)] * 3
    with pytest.raises(ArtifactError, match="HTTP status 503"):
        fetch(document, tmp_path, LIMITS)


def test_fetch__transfer_breaks_off__goes_on_where_it_stood(server: Server, tmp_path: Path) -> None:
    document = wanted(server, SCRIPT)
    server.answers = [cut_after(7, SCRIPT)]
    fetch(document, tmp_path, LIMITS)
    assert server.ranges == ["", "bytes=7-"]


def test_fetch__left_over_of_a_killed_run__goes_on_where_it_stood(
    server: Server, tmp_path: Path
) -> None:
    document = wanted(server, SCRIPT)
    digest = hashlib.sha256(SCRIPT).hexdigest()
    (tmp_path / f".{digest}.partial").write_bytes(SCRIPT[:5])
    fetch(document, tmp_path, LIMITS)
    assert server.ranges == ["bytes=5-"]


def test_fetch__left_over_is_complete__is_taken_as_it_is(server: Server, tmp_path: Path) -> None:
    document = wanted(server, SCRIPT)
    digest = hashlib.sha256(SCRIPT).hexdigest()
    (tmp_path / f".{digest}.partial").write_bytes(SCRIPT)
    assert fetch(document, tmp_path, LIMITS).artifacts[digest].size == len(SCRIPT)


@pytest.mark.parametrize("ranges", [True, False], ids=["server resumes", "server does not"])
def test_fetch__left_over_is_of_something_else__starts_anew(
    server: Server, tmp_path: Path, *, ranges: bool
) -> None:
    document = wanted(server, SCRIPT)
    server.supports_ranges = ranges
    digest = hashlib.sha256(SCRIPT).hexdigest()
    (tmp_path / f".{digest}.partial").write_bytes(b"other")
    fetch(document, tmp_path, LIMITS)
    assert next(tmp_path.glob(f"*/{NAME}")).read_bytes() == SCRIPT


def test_fetch__larger_than_allowed__is_refused(server: Server, tmp_path: Path) -> None:
    document = wanted(server, SCRIPT)
    with pytest.raises(ArtifactError, match="larger than 10 bytes"):
        fetch(document, tmp_path, FetchLimits(size=10))


def test_fetch__nobody_listens__is_told_without_secrets(tmp_path: Path) -> None:
    entry = wanted(Server(address="http://user:word@127.0.0.1:9/shim?token=abc"), SCRIPT)
    with (
        stamina.set_testing(True, attempts=2),
        pytest.raises(ArtifactError, match="cannot be downloaded") as caught,
    ):
        fetch(entry, tmp_path, LIMITS)
    assert "http://127.0.0.1:9/shim " in caught.value.message
    assert "word" not in caught.value.message
    assert "abc" not in caught.value.message
