import pytest

from oracle.scores import PROPERTY, Score

pytest.register_assert_rewrite("oracle.operations")


@pytest.fixture
def score(request: pytest.FixtureRequest) -> Score:
    """Say what a test counts for in the table; more cases may be added while it runs."""

    def count(row: str, daemon: str, cases: int = 1) -> None:
        request.node.user_properties.append((PROPERTY, (row, daemon, cases)))

    return count


@pytest.fixture(autouse=True)
def _no_waiting_for_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)
