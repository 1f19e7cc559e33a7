"""Collect the scores where the reports of all workers come together, and print their table."""

from typing import Final

import pytest
from rich.console import Console

from oracle.oracles import ALL
from oracle.scores import Scores

SCORES: Final = Scores(ALL)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call":
        SCORES.add(report.user_properties, passed=report.passed)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.ensure_newline()
    SCORES.show(Console(file=terminalreporter._tw._file, width=150))
