"""Ctrl-C with workers: each takes down what it has raised before the session ends.

pytest-xdist gives workers ten seconds after an interrupt and interrupts them once more meanwhile,
which would leave clusters behind. So a worker hears the first interrupt only, whoever sends it, and
the session waits until all have ended.
"""

import os
import signal
from contextlib import suppress
from typing import Any, Final

import pytest
from xdist.workermanage import WorkerController

_PATIENCE: Final = 300
"""Seconds for the longest clean-up: of a test on nodes, and of the clusters after it."""

_CUT_SHORT: Final = (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)

_workers: Final[list[WorkerController]] = []


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    _workers.append(node)


def pytest_configure(config: pytest.Config) -> None:
    if _is_worker(config):
        signal.signal(signal.SIGINT, _once)


def pytest_unconfigure(config: pytest.Config) -> None:
    if _is_worker(config):
        signal.signal(signal.SIGINT, _ignore)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(exitstatus: int) -> None:
    if exitstatus not in _CUT_SHORT:
        return
    busy = [worker for worker in _workers if not worker.channel.isclosed()]
    for worker in busy:
        os.kill(worker.gateway._rinfo().pid, signal.SIGINT)
    for worker in busy:
        with suppress(worker.channel.RemoteError):
            worker.channel.waitclose(_PATIENCE)


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _once(*_: Any) -> None:
    signal.signal(signal.SIGINT, _ignore)
    raise KeyboardInterrupt


def _ignore(*_: Any) -> None:
    """Do nothing; unlike SIG_IGN this is not inherited by programs that a test starts."""
