import asyncio
import types
from collections.abc import Coroutine
from typing import Any

import pytest

from unit.operator.fake_loop import run
from wasmwright_operator.reconcile.workqueue import WorkQueue


def now() -> float:
    return asyncio.get_running_loop().time()


async def take(queue: WorkQueue, count: int = 1) -> list[tuple[str, float]]:
    """Work on some keys one after the other; return each with the time at which it came."""
    taken = []
    for _ in range(count):
        key = await queue.get()
        taken.append((key, round(now(), 3)))
        queue.done(key)
    return taken


def test_add__twice__is_worked_on_once() -> None:
    async def scenario() -> None:
        queue = WorkQueue()
        queue.add("a")
        queue.add("a")
        assert await take(queue) == [("a", 0)]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(queue.get(), 100)

    run(scenario())


@pytest.mark.parametrize(("first", "second", "due"), [(5, 2, 2), (2, 5, 2), (3, 0, 0)])
def test_add__with_delays__the_earlier_time_counts(first: float, second: float, due: float) -> None:
    async def scenario() -> list[tuple[str, float]]:
        queue = WorkQueue()
        queue.add("a", first)
        queue.add("a", second)
        return await take(queue)

    assert run(scenario()) == [("a", due)]


def test_get__several_keys__come_in_the_order_of_their_times() -> None:
    async def scenario() -> list[tuple[str, float]]:
        queue = WorkQueue()
        for key, delay in (("c", 3.0), ("a", 1.0), ("b", 2.0), ("now", 0.0)):
            queue.add(key, delay)
        return await take(queue, 4)

    assert run(scenario()) == [("now", 0), ("a", 1), ("b", 2), ("c", 3)]


@pytest.mark.parametrize("soon", [0.0004, 0.000_001, 1e-9])
def test_get__key_that_is_due_very_soon__does_not_come_before_its_time(soon: float) -> None:
    async def scenario() -> None:
        queue = WorkQueue()
        queue.add("earlier", 100.999_122_463)
        await take(queue)
        due = now() + soon
        queue.add("a", soon)
        await queue.get()
        assert now() >= due

    run(scenario())


def test_get__while_waiting__a_key_that_is_added_comes_at_once() -> None:
    async def scenario() -> list[tuple[str, float]]:
        queue = WorkQueue()
        queue.add("late", 60)
        asyncio.get_running_loop().call_later(5, queue.add, "early")
        return await take(queue, 2)

    assert run(scenario()) == [("early", 5), ("late", 60)]


def test_key__added_while_it_is_worked_on__waits_until_that_is_done() -> None:
    async def scenario() -> None:
        queue = WorkQueue()
        queue.add("a")
        key = await queue.get()
        queue.add("a")
        queue.add("a", 7)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(queue.get(), 10)
        queue.done(key)
        assert await take(queue) == [("a", 10)]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(queue.get(), 100)

    run(scenario())


def test_key__delayed_while_it_is_worked_on__keeps_its_time() -> None:
    async def scenario() -> list[tuple[str, float]]:
        queue = WorkQueue()
        queue.add("a")
        key = await queue.get()
        queue.add("a", 4)
        queue.done(key)
        return await take(queue)

    assert run(scenario()) == [("a", 4)]


def test_workers__several__never_have_the_same_key() -> None:
    async def scenario() -> None:
        queue = WorkQueue()
        busy: set[str] = set()
        worked: list[str] = []

        async def work() -> None:
            while True:
                key = await queue.get()
                assert key not in busy
                busy.add(key)
                await asyncio.sleep(1)
                worked.append(key)
                busy.remove(key)
                queue.done(key)

        workers = [asyncio.create_task(work()) for _ in range(4)]
        for step in range(20):
            queue.add(f"k{step % 3}")
            await asyncio.sleep(0.3)
        await asyncio.sleep(10)
        for worker in workers:
            assert not worker.done(), worker.exception()
            worker.cancel()
        assert set(worked) == {"k0", "k1", "k2"}

    run(scenario())


@types.coroutine
def counted(coroutine: Coroutine[Any, Any, str], steps: list[str], who: str) -> Any:
    """Await a coroutine, and note whenever it goes to sleep."""
    while True:
        try:
            waited_for = coroutine.send(None)
        except StopIteration as end:
            return end.value
        steps.append(who)
        yield waited_for


def test_key__that_is_due__wakes_one_of_the_workers_that_wait() -> None:
    async def scenario() -> None:
        queue, sleeps = WorkQueue(), list[str]()

        async def work(who: str) -> str:
            found: str = await counted(queue.get(), sleeps, who)
            return found

        workers = [asyncio.create_task(work(f"w{number}")) for number in range(8)]
        await asyncio.sleep(1)
        for key, delay in (("now", 0.0), ("soon", 5.0), ("late", 50.0)):
            queue.add(key, delay)
        await asyncio.sleep(10)
        assert [task.result() for task in workers if task.done()] == ["now", "soon"]
        assert len(sleeps) <= len(workers) + 2
        await asyncio.sleep(50)
        assert sum(task.done() for task in workers) == 3
        for task in workers:
            task.cancel()

    run(scenario())


def test_worker__called_and_cancelled_at_once__leaves_the_key_to_another() -> None:
    async def scenario() -> str:
        queue = WorkQueue()
        first, second = (asyncio.create_task(queue.get()) for _ in range(2))
        await asyncio.sleep(1)
        queue.add("a")
        first.cancel()
        return await asyncio.wait_for(second, 1)

    assert run(scenario()) == "a"


def test_retry__doubles_up_to_a_minute_and_success_forgets() -> None:
    async def scenario() -> list[float]:
        queue = WorkQueue()
        delays = [queue.retry("a") for _ in range(9)]
        queue.forget("a")
        return [*delays, queue.retry("a")]

    assert run(scenario()) == [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 0.5]


def test_retry__when_the_server_said_when__waits_at_least_so_long() -> None:
    async def scenario() -> float:
        return WorkQueue().retry("a", at_least=20)

    assert run(scenario()) == 20


def test_overdue__tells_how_long_the_oldest_key_has_waited() -> None:
    async def scenario() -> None:
        queue = WorkQueue()
        assert queue.overdue() == 0
        queue.add("a")
        queue.add("b", 100)
        await asyncio.sleep(30)
        assert queue.overdue() == pytest.approx(30)

    run(scenario())
