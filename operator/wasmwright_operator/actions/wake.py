"""When to plan again."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Wake:
    """Plan again at this time, even if nothing happens until then."""

    at: datetime
