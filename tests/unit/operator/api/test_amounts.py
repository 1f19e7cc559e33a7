from datetime import timedelta

import pytest

from wasmwright_operator.api.amounts import Amount, amount_of, span


@pytest.mark.parametrize(
    ("given", "total", "expected"),
    [(3, 100, 3), (0, 100, 0), ("10%", 25, 2), ("10%", 5, 1), ("10%", 0, 1), ("100%", 7, 7)],
)
def test_amount__of_nodes__is_rounded_down_to_at_least_one(
    given: Amount, total: int, expected: int
) -> None:
    assert amount_of(given, total) == expected


def test_amount__rounded_up__never_falls_short() -> None:
    assert amount_of("50%", 3, round_up=True) == 2


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("0", 0), ("90s", 90), ("5m", 300), ("1h30m", 5400), ("24h", 86400), ("1h1m1s", 3661)],
)
def test_span__as_people_write_it__is_a_time(given: str, seconds: int) -> None:
    assert span(given) == timedelta(seconds=seconds)
