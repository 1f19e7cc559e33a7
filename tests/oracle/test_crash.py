"""No moment of a run leaves files that containerd refuses, or in which it would lose runc.

Runs of the installer on a played node die at every single change of its file system and are run
again. Each configuration that lay on the disk at any of these moments is read by the real daemons.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from oracle.mains import Main
from oracle.nodes import Node, handlers_in
from oracle.oracles import content_of, each, oracle, released
from oracle.scores import Score
from unit.installer.apply import test_crash as crashes
from unit.installer.fake_host.containerd_node import MAIN_V2, MAIN_V3
from unit.installer.fake_host.files import CountingFiles
from wasmwright_installer.contract import NodeDocument

pytestmark = pytest.mark.no_cover  # hundreds of runs of what other tests measure once

_WIDE: Final = MAIN_V3.replace(b"\n", b'\nimports = ["/etc/containerd/conf.d/*"]\n', 1)
NODES: Final[dict[int, dict[str, tuple[str, bytes | None]]]] = {
    1: {"schema 2": ("1.7.24", MAIN_V2), "no file": ("1.7.24", None)},
    2: {
        "schema 2": ("2.0.2", MAIN_V2),
        "schema 3": ("2.0.2", MAIN_V3),
        "no file": ("2.0.2", None),
        "an import of all files": ("2.0.2", _WIDE),
    },
}


@dataclass
class Moments:
    """What lay on the disk at any moment, each different configuration once."""

    points: int = 0
    """Changes of the file system that were looked at, before and after each."""
    found: dict[str, dict[str, bytes]] = field(default_factory=dict)

    root: Path = Path()

    def look(self, root: Path) -> None:
        self.points += 1
        self.root = root
        content = {
            path: text
            for path, text in content_of(root, ("etc/containerd",)).items()
            if isinstance(text, bytes)
        }
        self.found.setdefault(
            hashlib.sha256(repr(sorted(content.items())).encode()).hexdigest(), content
        )


@contextmanager
def _watched(moments: Moments, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    tick = CountingFiles.tick

    def look_and_tick(files: CountingFiles) -> None:
        moments.look(files.root)
        tick(files)

    def write_half_and_look(descriptor: int, content: bytes) -> None:
        half = len(content) // 2
        os.write(descriptor, content[:half])
        moments.look(moments.root)
        os.write(descriptor, content[half:])

    with monkeypatch.context() as patch:
        patch.setattr(CountingFiles, "tick", look_and_tick)
        patch.setattr("wasmwright_installer.host.atomic.write_all", write_half_and_look)
        yield


def _crash_everywhere(
    folder: Path, version: str, main: bytes | None, first: NodeDocument, then: NodeDocument
) -> None:
    """Die at each change of the second run, and run again."""
    ready = crashes.prepared(folder / "ready", version, main, first)
    point = 0
    is_dying = True
    while is_dying:
        point += 1
        node = crashes.copy_of(ready, folder / str(point))
        is_dying = crashes.crash_at(node, then, point)
        crashes.run(node, then)


@pytest.fixture(scope="module")
def moments(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Moments]:
    """Everything that lay on the disks of nodes with containerd 1.x and of those with 2.x."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)
        for major, nodes in NODES.items():
            found[major] = Moments()
            with _watched(found[major], patch):
                for name, node in nodes.items():
                    for operation, documents in crashes.OPERATIONS.items():
                        if name == "schema 2" or operation in {"install", "give back"}:
                            _crash_everywhere(tmp_path_factory.mktemp("crash"), *node, *documents)
    return found


@pytest.mark.parametrize("daemon", each())
def test_apply__dies_at_any_change__containerd_starts_and_has_runc(
    tmp_path: Path, score: Score, moments: dict[int, Moments], daemon: str
) -> None:
    seen = moments[released(daemon)[0]]
    assert seen.points > 1000
    assert len(seen.found) > 10
    row = f"configurations at {seen.points} moments of crashes, {released(daemon)[0]}.x"
    score(row, daemon, len(seen.found))
    for name, content in seen.found.items():
        main = Main(name, None, others=content)
        node = Node(tmp_path / name, oracle(daemon), main)
        assert "runc" in handlers_in(node.dumped()), content
