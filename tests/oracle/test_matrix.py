"""Main files x operations x daemons: of all that the daemon reads, only our handlers differ."""

from pathlib import Path
from typing import Any

import pytest

from oracle.mains import EVERY, Main
from oracle.nodes import Node
from oracle.operations import Operation, operations
from oracle.oracles import each, oracle, released
from oracle.scores import Score

pytestmark = pytest.mark.no_cover  # unit tests measure what these run through


def _cases() -> list[Any]:
    return [
        pytest.param(
            daemon.values[0],
            main,
            operation,
            id=f"{daemon.id}-{main.name}-{name}",
            marks=daemon.marks,
        )
        for main in EVERY
        for daemon in each(main.since)
        for name, operation in operations(main, released(daemon.id)).items()
    ]


@pytest.mark.parametrize(("daemon", "main", "operation"), _cases())
def test_plan__main_file_and_operation__only_our_handlers_differ(
    tmp_path: Path, score: Score, daemon: str, main: Main, operation: Operation
) -> None:
    score(main.name, daemon)
    operation(Node(tmp_path / "node", oracle(daemon), main))
