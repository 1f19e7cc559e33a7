"""The end of a story: all is right within some time, or it is told how to see it again."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from integration.operator.chaos.stage import Stage
from integration.operator.chaos.verdict import problems

PATIENCE: Final = 120
"""Seconds after the last misfortune within which all is right: a few backoffs."""


def settle(stage: Stage) -> None:
    """Wait until all is right, and see that it stays so."""
    deadline = time.monotonic() + PATIENCE
    while found := problems(stage):
        stage.keep_alive()
        assert time.monotonic() < deadline, "\n".join(found[:20])
        time.sleep(0.2)
    time.sleep(1)
    assert not (found := problems(stage)), "was right for a moment:\n" + "\n".join(found[:20])


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Say with a failure how to see it again."""
    try:
        yield
    except AssertionError as error:
        error.add_note(f"run again with --chaos-seed {seed}")
        raise
