import pytest
from rich.console import Console

from oracle.oracles import ALL
from oracle.scores import PROPERTY, Score, Scores

pytest.register_assert_rewrite("oracle.operations")
SCORES = Scores(ALL)


@pytest.fixture
def score(request: pytest.FixtureRequest) -> Score:
    """Say what a test counts for in the table; more cases may be added while it runs."""

    def count(row: str, daemon: str, cases: int = 1) -> None:
        request.node.user_properties.append((PROPERTY, (row, daemon, cases)))

    return count


@pytest.fixture(autouse=True)
def _no_waiting_for_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call":
        SCORES.add(report.user_properties, passed=report.passed)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.ensure_newline()
    SCORES.show(Console(file=terminalreporter._tw._file, width=150))
