"""Write bare counts only now and then, since they change with every node."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Final

from wasmwright_operator.actions import Action, WriteRuntimeStatus
from wasmwright_operator.cache import FLEET
from wasmwright_operator.reconcile.schedule import Schedule

_PACE: Final = 2.0
"""Seconds between two writes of bare counts to the status of one WasmRuntime."""
_FINEST: Final = 0.001
"""Seconds that are not worth waiting for: a clock need not move on by less."""


class StatusPace:
    """Remembers when the status of each WasmRuntime was written."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._told: dict[str, float] = {}

    def paced(self, actions: Iterable[Action]) -> Iterator[Action]:
        """Yield what is to be done now; for the rest the fleet is planned again in time."""
        now = asyncio.get_running_loop().time()
        for action in actions:
            if isinstance(action, WriteRuntimeStatus):
                rest = self._told.get(action.name, -_PACE) + _PACE - now
                if rest > _FINEST and not action.is_urgent:
                    self._schedule.delay(FLEET, rest)
                    continue
                self._told[action.name] = now
            yield action
