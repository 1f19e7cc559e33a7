"""Played nodes in the states in which runs find them."""

from pathlib import Path

import pytest

from unit.installer.fake_host.containerd_node import MAIN_V2, MAIN_V3, make_node
from unit.installer.fake_host.node import FakeNode

MAINS = {
    "1.7": ("1.7.24", MAIN_V2),
    "1.7 with nothing but a comment": ("1.7.24", b"# nothing\n"),
    "1.7 without a file": ("1.7.24", None),
    "1.7 without handlers": ("1.7.24", b'version = 2\nroot = "/var/lib/containerd"\n'),
    "2.4": ("2.4.2", MAIN_V3),
    "2.4 with the older table": ("2.4.2", MAIN_V2),
    "2.4 without a file": ("2.4.2", None),
}


@pytest.fixture(autouse=True)
def _no_waiting_for_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)


@pytest.fixture(params=list(MAINS.values()), ids=list(MAINS))
def node(request: pytest.FixtureRequest, tmp_path: Path) -> FakeNode:
    version, main = request.param
    return make_node(tmp_path / "host", version, main)


@pytest.fixture(params=[("1.7.24", MAIN_V2), ("2.4.2", MAIN_V3)], ids=["1.7", "2.4"])
def usual(request: pytest.FixtureRequest, tmp_path: Path) -> FakeNode:
    return make_node(tmp_path / "host", *request.param)
