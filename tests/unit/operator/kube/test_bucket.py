import asyncio

import pytest

from unit.operator.fake_loop import run
from wasmwright_operator.kube.bucket import TokenBucket


async def pass_times(bucket: TokenBucket, count: int) -> list[float]:
    times = []
    for _ in range(count):
        await bucket.take()
        times.append(round(asyncio.get_running_loop().time(), 3))
    return times


def bucket(rate: float, burst: int) -> TokenBucket:
    return TokenBucket(rate, burst, clock=asyncio.get_running_loop().time)


def test_take__burst_then_rate() -> None:
    async def scenario() -> list[float]:
        return await pass_times(bucket(10, 3), 6)

    assert run(scenario()) == [0, 0, 0, 0.1, 0.2, 0.3]


def test_take__after_a_quiet_time__bursts_again_but_no_more_than_allowed() -> None:
    async def scenario() -> list[float]:
        limited = bucket(10, 2)
        await pass_times(limited, 5)
        await asyncio.sleep(100)
        start = asyncio.get_running_loop().time()
        return [round(time - start, 3) for time in await pass_times(limited, 4)]

    assert run(scenario()) == pytest.approx([0, 0, 0.1, 0.2])


def test_take__by_many_at_once__never_passes_more_than_the_rate() -> None:
    async def scenario() -> list[float]:
        limited = bucket(20, 1)
        found = await asyncio.gather(*(pass_times(limited, 1) for _ in range(5)))
        return [time for times in found for time in times]

    assert run(scenario()) == [0, 0.05, 0.1, 0.15, 0.2]


def test_pause__stops_everybody_for_that_time() -> None:
    async def scenario() -> list[float]:
        limited = bucket(10, 5)
        limited.pause(3)
        return await pass_times(limited, 2)

    assert run(scenario()) == [3.1, 3.2]
