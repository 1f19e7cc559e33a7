"""Put labels right that somebody else changes back, without a race against that somebody."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wasmwright_operator.actions import LabelNode

_FREE: Final = 3
"""Writes of the same in short order that are made at once: kubelets register again, people err."""
_FIRST: Final = 2.0
_LONGEST: Final = 300.0
_CALM: Final = 60.0
"""Seconds beyond the pause after which a change is taken for a new one."""


@dataclass(frozen=True, slots=True)
class _Series:
    """The same change of a node's labels, made again and again."""

    changes: Mapping[str, str | None]
    count: int
    last: float

    @property
    def pause(self) -> float:
        """Seconds that the next write of the same has to wait after the last one."""
        if self.count < _FREE:
            return 0.0
        return min(_FIRST * 2.0 ** min(self.count - _FREE, 16), _LONGEST)


class Contention:
    """Remembers the last change of each node's labels, in seconds of any steady clock.

    All of it may be lost: a new process only begins with the short pauses again.
    """

    def __init__(self) -> None:
        self._series: dict[str, _Series] = {}

    def wait(self, action: LabelNode, now: float) -> float:
        """Return for how long a write has to wait; a change to something else never does."""
        series = self._present(action, now)
        return max(0.0, series.last + series.pause - now) if series else 0.0

    def note(self, action: LabelNode, now: float) -> bool:
        """Take in that a write was made; tell whether it is from now on contested."""
        series = self._present(action, now)
        count = series.count + 1 if series else 1
        self._series[action.name] = _Series(action.changes, count, now)
        return count == _FREE

    def _present(self, action: LabelNode, now: float) -> _Series | None:
        series = self._series.get(action.name)
        if series is None or series.changes != action.changes:
            return None
        return series if now - series.last <= series.pause + _CALM else None
