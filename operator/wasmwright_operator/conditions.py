"""Conditions and times as the Kubernetes API conventions write them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from wasmwright_operator.api.meta import Condition, ConditionStatus

_NAMES_IN_MESSAGES: Final = 5


def rfc3339(moment: datetime) -> str:
    """Return a time in whole seconds, as Kubernetes writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> datetime | None:
    """Return the time that `rfc3339` wrote, or None for an empty or unreadable text."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def rounded_up(moment: datetime) -> datetime:
    """Return the next whole second, so that what is due then is not due before."""
    whole = moment.replace(microsecond=0)
    return whole if whole == moment else whole + timedelta(seconds=1)


def condition(
    kind: str, *, holds: bool | None, reason: str, message: str, generation: int
) -> Condition:
    """Return a condition; `holds` None means unknown."""
    status = {
        True: ConditionStatus.TRUE,
        False: ConditionStatus.FALSE,
        None: ConditionStatus.UNKNOWN,
    }[holds]
    return Condition(
        type=kind, status=status, reason=reason, message=message, observed_generation=generation
    )


def with_times(
    old: Iterable[Condition], new: Iterable[Condition], now: datetime
) -> tuple[Condition, ...]:
    """Date the new conditions: one whose status stays keeps the time of its last transition."""
    before = {item.type: item for item in old}
    return tuple(_dated(item, before.get(item.type), now) for item in new)


def _dated(new: Condition, old: Condition | None, now: datetime) -> Condition:
    stays = old is not None and old.status == new.status
    time = old.last_transition_time if old is not None and stays else rfc3339(now)
    return new.model_copy(update={"last_transition_time": time})


def find(conditions: Iterable[Condition], kind: str) -> Condition | None:
    """Return the condition of one type."""
    return next((item for item in conditions if item.type == kind), None)


def capped(names: Iterable[str]) -> str:
    """Return some names and how many more there are, for messages."""
    ordered = sorted(names)
    shown = ", ".join(ordered[:_NAMES_IN_MESSAGES])
    rest = len(ordered) - _NAMES_IN_MESSAGES
    return f"{shown} and {rest} more" if rest > 0 else shown
