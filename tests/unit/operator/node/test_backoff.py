from datetime import timedelta

import pytest
from hypothesis import given as holds_for
from hypothesis import strategies as st

from unit.operator import given
from wasmwright_operator.node.backoff import Prospect, is_failure, next_try, prospect


def delay(
    exit_code: int | None, failures: int, seed: str = "s", reason: str = "SomeReason"
) -> float | None:
    due = next_try(prospect(reason, exit_code), failures, seed, given.NOW)
    return None if due is None else (due - given.NOW).total_seconds()


@pytest.mark.parametrize("exit_code", [10, 11, 12, 13])
def test_next_try__of_what_cannot_heal__never_comes(exit_code: int) -> None:
    assert delay(exit_code, 1) is None


@pytest.mark.parametrize(("failures", "seconds"), [(1, 5), (2, 10), (3, 20), (4, 30), (50, 30)])
def test_next_try__of_a_blocked_run__comes_soon(failures: int, seconds: int) -> None:
    assert delay(40, failures) == seconds


@pytest.mark.parametrize("exit_code", [20, 30, 31, 32, 50, 70, 137, None])
@pytest.mark.parametrize(
    ("failures", "longest"), [(1, 15), (2, 30), (3, 60), (6, 480), (7, 600), (5000, 600)]
)
def test_next_try__of_a_failed_run__doubles_with_some_jitter(
    exit_code: int | None, failures: int, longest: int
) -> None:
    seconds = delay(exit_code, failures)

    assert seconds is not None
    assert 0.8 * longest <= seconds <= longest


@holds_for(st.integers(1, 60), st.text(max_size=8))
def test_next_try__planned_twice__is_the_same_and_in_whole_seconds(
    failures: int, seed: str
) -> None:
    late = given.NOW + timedelta(milliseconds=1)
    first = next_try(Prospect.MAY_HEAL, failures, seed, late)

    assert first == next_try(Prospect.MAY_HEAL, failures, seed, late)
    assert first is not None
    assert first.microsecond == 0


def test_next_try__of_nodes_that_failed_together__is_spread() -> None:
    assert len({delay(31, 5, f"node-{number}") for number in range(20)}) > 10


@pytest.mark.parametrize("reason", ["PodEvicted", "PodLost", "JobLost", "ResultLost", "PodKilled"])
def test_next_try__of_a_run_that_was_cut_off__comes_soon_and_doubles(reason: str) -> None:
    for failures, longest in ((1, 5), (2, 10), (3, 20), (9, 600)):
        seconds = delay(None, failures, reason=reason)
        assert seconds is not None
        assert 0.8 * longest <= seconds <= longest


@pytest.mark.parametrize(
    ("kind", "in_a_row", "counts"),
    [
        (Prospect.MAY_HEAL, 1, True),
        (Prospect.HOPELESS, 1, True),
        (Prospect.WAITS_FOR_PODS, 99, False),
        (Prospect.INTERRUPTED, 2, False),
        (Prospect.INTERRUPTED, 3, True),
    ],
)
def test_failure__is_the_nodes_own(kind: Prospect, in_a_row: int, *, counts: bool) -> None:
    assert is_failure(kind, in_a_row) is counts
