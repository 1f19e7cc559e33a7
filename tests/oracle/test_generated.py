"""Main files that nobody has written, judged by each daemon from the first handler to the last."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from oracle.mains import Main
from oracle.nodes import Node
from oracle.operations import NOTHING, ONE, TWO, has
from oracle.oracles import each, oracle
from oracle.scores import Score
from unit.installer.generated_mains import main_files

pytestmark = pytest.mark.no_cover  # unit tests measure what these run through

EXAMPLES = 40


@pytest.mark.parametrize("daemon", each())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(content=main_files(), keeps_memory=st.booleans())
def test_plan__any_main_file__only_our_handlers_differ_and_every_byte_comes_back(
    tmp_path: Path, score: Score, daemon: str, content: bytes, *, keeps_memory: bool
) -> None:
    shutil.rmtree(tmp_path / "node", ignore_errors=True)
    node = Node(tmp_path / "node", oracle(daemon), Main("generated", content))
    answer = node.oracle.reads(node.root, node.main)
    assume(answer.code == 0)
    node.converge(ONE)
    has(node, ONE, answer.document)
    node.converge(TWO)
    has(node, TWO, answer.document)
    if not keeps_memory:
        node.forget()
    node.converge(NOTHING)
    assert node.content == node.pristine
    score("generated", daemon)
