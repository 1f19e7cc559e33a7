"""What cannot be changed safely is refused with its reason, before a byte is written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from oracle.mains import V3, V4, Main, read
from oracle.nodes import Node
from oracle.operations import ONE
from oracle.oracles import each, oracle, released
from oracle.scores import Score
from unit.installer.mains import RUNC, schema_3
from wasmwright_installer.config.files import drop_in_path
from wasmwright_installer.detect.daemon import DEFAULT_CONFIG
from wasmwright_installer.errors import (
    ConflictError,
    InstallerError,
    RefusedError,
    UnsupportedNodeError,
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A node's files, and what is to be said of them."""

    main: Main
    error: type[InstallerError]
    reason: str
    until: tuple[int, int] = (2, 99)
    """The last release that it happens with."""
    is_broken: bool = False
    """Whether the daemon itself refuses them."""


_SCHEMA_2: Final = f"version = 2\n{RUNC}"
REFUSALS: Final = (
    Refusal(Main("CRI off", read("docker-package")), UnsupportedNodeError, "CRIDisabled"),
    Refusal(Main("schema 1", read("v1-legacy")), UnsupportedNodeError, "SchemaV1"),
    Refusal(Main("no schema", RUNC.encode()), UnsupportedNodeError, "SchemaV1", until=(1, 7)),
    Refusal(
        Main(
            "literal import of nothing", b'version = 2\nimports = ["/etc/containerd/none.toml"]\n'
        ),
        RefusedError,
        "DanglingImport",
    ),
    Refusal(
        Main("no TOML", b"version = 2\n[plugins\n"),
        RefusedError,
        "ConfigUnreadable",
        is_broken=True,
    ),
    Refusal(
        Main("table twice", f"{_SCHEMA_2}{RUNC}".encode()),
        RefusedError,
        "ConfigUnreadable",
        is_broken=True,
    ),
    Refusal(
        Main("no UTF-8", f"version = 2 # \xfc\n{RUNC}".encode("latin-1")),
        RefusedError,
        "ConfigUnreadable",
    ),
    Refusal(
        Main(
            "a file of our name",
            schema_3(_SCHEMA_2).encode(),
            since=V3,
            others={drop_in_path(DEFAULT_CONFIG): b"# by hand\n"},
        ),
        ConflictError,
        "ForeignFile",
    ),
)


def _cases() -> list[Any]:
    return [
        pytest.param(
            daemon.values[0], refusal, marks=daemon.marks, id=f"{daemon.id}-{refusal.main.name}"
        )
        for refusal in REFUSALS
        for daemon in each(refusal.main.since)
        if released(daemon.id) <= refusal.until
    ]


@pytest.mark.parametrize(("daemon", "refusal"), _cases())
def test_plan__files_that_cannot_be_changed__are_refused_and_stay(
    tmp_path: Path, score: Score, daemon: str, refusal: Refusal
) -> None:
    score("refused", daemon)
    node = Node(tmp_path / "node", oracle(daemon), refusal.main)
    if refusal.is_broken:
        assert node.oracle.reads(node.root, node.main).code != 0
    with pytest.raises(refusal.error) as caught:
        node.converge(ONE)
    assert caught.value.reason == refusal.reason
    assert node.content == node.pristine


def _unknown_schemas() -> list[Any]:
    return [
        pytest.param(daemon.values[0], version, marks=daemon.marks, id=f"{daemon.id}-{version}")
        for version, since in ((3, V3), (4, V4))
        for daemon in each()
        if released(daemon.id) < since
    ]


@pytest.mark.parametrize(("daemon", "version"), _unknown_schemas())
def test_oracle__schema_that_it_does_not_know__is_on_no_node_of_it(
    tmp_path: Path, daemon: str, version: int
) -> None:
    main = Main("newer", f"version = {version}\n".encode())
    node = Node(tmp_path / "node", oracle(daemon), main)
    assert node.oracle.reads(node.root, node.main).code != 0
