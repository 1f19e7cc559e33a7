"""A token bucket: bursts are quick, the long run is bounded, and 429 stops everybody."""

import asyncio
from collections.abc import Awaitable, Callable


class TokenBucket:
    """Lets `rate` requests pass per second, and `burst` at once after a quiet time."""

    def __init__(
        self,
        rate: float,
        burst: int,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._interval = 1 / rate
        self._credit = burst * self._interval
        self._clock = clock
        self._sleep = sleep
        self._next = clock() - self._credit
        """When the next request may pass; each takes one interval of it."""

    async def take(self) -> None:
        """Wait until a request may be made. Those who wait go in the order in which they came."""
        now = self._clock()
        self._next = max(self._next, now - self._credit) + self._interval
        delay = self._next - now
        if delay > 0:
            await self._sleep(delay)

    def pause(self, seconds: float) -> None:
        """Let nobody pass for a time, as the API server asked for."""
        self._next = max(self._next, self._clock() + seconds)
