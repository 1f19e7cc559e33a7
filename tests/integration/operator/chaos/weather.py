"""Which requests fail, and how: decided by a seed for the n-th request of each kind."""

from dataclasses import dataclass
from random import Random

from integration.operator.faults import Cut, Fault, Lost, broken, conflict, gone, throttled
from integration.operator.requests import Request

_WRITES_THAT_FAIL = 0.12
_READS_THAT_FAIL = 0.05
_WATCHES_THAT_END = 0.6
_LONGEST_WATCH = 40
"""Events."""


@dataclass
class Weather:
    """Bad until somebody calms it."""

    seed: int
    is_calm: bool = False

    def __call__(self, request: Request) -> Fault | None:
        """Return what happens to a request; the Lease is spared, or nobody would lead for long."""
        if self.is_calm or request.is_lease:
            return None
        dice = Random(f"{self.seed}/{request.verb}/{request.resource}/{request.number}")  # noqa: S311
        if request.verb == "watch":
            return _watch(dice)
        if request.is_write:
            return _write(dice, request)
        return dice.choice((broken(), gone())) if dice.random() < _READS_THAT_FAIL else None


def _watch(dice: Random) -> Fault | None:
    if dice.random() >= _WATCHES_THAT_END:
        return None
    if dice.random() < 0.1:
        return gone()
    return Cut(dice.randrange(_LONGEST_WATCH), is_expired=dice.random() < 0.5)


def _write(dice: Random, request: Request) -> Fault | None:
    """A conflict is no answer to a POST: that would say that the object exists."""
    if dice.random() >= _WRITES_THAT_FAIL:
        return None
    faults = [throttled(), broken(), Lost(was_made=False), Lost(was_made=True)]
    if request.verb == "patch":
        faults += [conflict(), conflict()]
    return dice.choice(faults)
