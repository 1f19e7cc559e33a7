"""An event loop whose time passes only when nothing is left to do, and then at once."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _NoWaiting(selectors.SelectSelector):
    """Instead of waiting for a timeout, moves the loop's clock on by it."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise RuntimeError("everybody waits for ever")
        self.passed += max(0.0, timeout)
        return super().select(0)


class FakeTimeLoop(asyncio.SelectorEventLoop):
    """Starts at 0 s."""

    def __init__(self) -> None:
        self._fake = _NoWaiting()
        super().__init__(self._fake)

    def time(self) -> float:
        return self._fake.passed


def run(scenario: Coroutine[Any, Any, T]) -> T:
    """Run a scenario on a loop of its own."""
    with asyncio.Runner(loop_factory=FakeTimeLoop) as runner:
        return runner.run(scenario)
