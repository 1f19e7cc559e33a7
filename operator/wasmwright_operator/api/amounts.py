"""Amounts as people write them: a number or a share of the nodes, and spans of time."""

import math
import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import Field

from wasmwright_operator.api.meta import rule, rules

_SPAN: Final = r"^(0|([0-9]{1,5}h)?([0-9]{1,5}m)?([0-9]{1,6}s)?)$"
_PARTS: Final = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def amount_rule(field: str, least: int) -> dict[str, object]:
    """Return the schema extension for a field that is a number or a percentage of nodes."""
    return rules(
        rule(
            f"type(self) == int ? self >= {least} : self.matches('^([1-9][0-9]?|100)%$')",
            f"{field} must be a whole number of at least {least}, or a percentage from 1% to 100%",
        )
    )


Amount = int | str
"""A number, or a percentage like "10%"."""

Span = Annotated[str, Field(pattern=_SPAN, min_length=1, max_length=20)]
"""A span of time: hours, minutes and seconds as in `1h30m`, `90s`, `0`."""


def amount_of(given: Amount, total: int, *, round_up: bool = False) -> int:
    """Return how many of `total` an amount is; a percentage of something is at least one."""
    if isinstance(given, int):
        return given
    share = total * int(given.rstrip("%")) / 100
    return max(1, math.ceil(share) if round_up else math.floor(share))


def span(given: str) -> timedelta:
    """Return the time that a `Span` means; what is no span is no time."""
    found = _PARTS.fullmatch(given)
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
