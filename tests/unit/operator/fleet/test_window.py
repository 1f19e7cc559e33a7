"""When a window is open, and when it changes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from wasmwright_operator.api.rollout import WindowSpec
from wasmwright_operator.fleet.window import is_open, next_change, next_opening, window_problem


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def window(start: str, end: str, **more: Any) -> WindowSpec:
    return WindowSpec.model_validate({"start": start, "end": end, **more})


NIGHT = window("22:00", "04:00", days=["Mon"])
PARIS = window("22:00", "23:00", timeZone="Europe/Paris")


@pytest.mark.parametrize(
    ("spec", "now", "expected"),
    [
        (window("10:00", "12:00"), "2026-05-04T09:59:59", False),
        (window("10:00", "12:00"), "2026-05-04T10:00:00", True),
        (window("10:00", "12:00"), "2026-05-04T11:59:59", True),
        (window("10:00", "12:00"), "2026-05-04T12:00:00", False),
        (NIGHT, "2026-05-04T23:00:00", True),
        (NIGHT, "2026-05-05T03:00:00", True),
        (NIGHT, "2026-05-05T04:00:00", False),
        (NIGHT, "2026-05-05T22:30:00", False),
        (NIGHT, "2026-05-04T03:00:00", False),
        (window("00:00", "00:00", days=["Mon"]), "2026-05-04T23:59:00", True),
        (window("00:00", "00:00", days=["Mon"]), "2026-05-05T00:00:00", False),
        (PARIS, "2026-05-04T20:30:00", True),
        (PARIS, "2026-05-04T22:30:00", False),
        (PARIS, "2026-12-04T21:30:00", True),
        (PARIS, "2026-12-04T20:30:00", False),
    ],
)
def test_window__is_open(spec: WindowSpec, now: str, *, expected: bool) -> None:
    assert is_open(spec, at(now)) is expected


@pytest.mark.parametrize(
    ("spec", "now", "change", "opening"),
    [
        (NIGHT, "2026-05-04T21:00:00", "2026-05-04T22:00:00", "2026-05-04T22:00:00"),
        (NIGHT, "2026-05-04T23:00:00", "2026-05-05T04:00:00", "2026-05-11T22:00:00"),
        (NIGHT, "2026-05-05T04:00:00", "2026-05-11T22:00:00", "2026-05-11T22:00:00"),
        (PARIS, "2026-10-24T22:00:00", "2026-10-25T21:00:00", "2026-10-25T21:00:00"),
    ],
    ids=["before", "within", "a-week-away", "after-the-clocks-changed"],
)
def test_window__next(spec: WindowSpec, now: str, change: str, opening: str) -> None:
    assert (next_change(spec, at(now)), next_opening(spec, at(now))) == (at(change), at(opening))


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "/etc/localtime", "Europe", ""])
def test_window__of_an_unknown_zone__says_what_to_do(zone: str) -> None:
    problem = window_problem(window("10:00", "11:00", timeZone=zone))

    assert repr(zone) in problem
    assert "Europe/Paris" in problem
    assert window_problem(PARIS) == ""
