"""What was told about a pod in Events, as one text."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

_TOLD: Final = 3
_LENGTH: Final = 1024


def parse_warnings(events: Iterable[Mapping[str, Any]]) -> str:
    """Return the last few warnings, the newest first; empty = nobody warned."""
    found = sorted(events, key=_time, reverse=True)
    told = (f"{item.get('reason', '')}: {item.get('message', '')}" for item in found)
    return "; ".join(list(dict.fromkeys(told))[:_TOLD])[:_LENGTH]


def _time(event: Mapping[str, Any]) -> str:
    """Return when it happened last: the fields differ with the age of the API that wrote it."""
    series = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    return max((time for time in times if time), default="")
