"""When changes may begin: windows of the day in a time zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from wasmwright_operator.api.rollout import WindowSpec

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEK: Final = 7


def window_problem(window: WindowSpec) -> str:
    """Return what is wrong with a window and what to do, "" for a good one."""
    try:
        ZoneInfo(window.time_zone)
    except (LookupError, ValueError, OSError):
        return (
            f"spec.rollout.window.timeZone {window.time_zone!r} is no time zone; write a name of"
            " the IANA time zone database such as Europe/Paris, or leave it out for UTC"
        )
    return ""


def is_open(window: WindowSpec, now: datetime) -> bool:
    """Tell whether changes may begin now."""
    return any(start <= now < end for start, end in _times(window, now))


def next_change(window: WindowSpec, now: datetime) -> datetime:
    """Return when the window opens or closes next."""
    return min(edge for times in _times(window, now) for edge in times if edge > now)


def next_opening(window: WindowSpec, now: datetime) -> datetime:
    """Return when the window opens next."""
    return min(start for start, _ in _times(window, now) if start > now)


def _times(window: WindowSpec, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the windows from yesterday's to that of today in a week, in UTC."""
    zone = ZoneInfo(window.time_zone)
    start, end = time.fromisoformat(window.start), time.fromisoformat(window.end)
    today = now.astimezone(zone).date()
    for distance in range(-1, _WEEK + 1):
        day = today + timedelta(days=distance)
        if not window.days or _DAYS[day.weekday()] in window.days:
            last = day if end > start else day + timedelta(days=1)
            yield _moment(day, start, zone), _moment(last, end, zone)


def _moment(day: date, of_day: time, zone: ZoneInfo) -> datetime:
    """Return a time in UTC, since times of one zone are compared without its clock changes."""
    return datetime.combine(day, of_day, zone).astimezone(UTC)
