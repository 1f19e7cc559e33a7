"""Candidates on one API server, in a time that passes only when all of them wait."""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

import pytest

from unit.operator import given
from unit.operator.fake_kube import FakeKube
from unit.operator.fake_loop import run
from wasmwright_operator.election import Elector, LeadershipLostError
from wasmwright_operator.election.elector import NAME
from wasmwright_operator.kube.errors import RefusedError, UnavailableError


class Candidate:
    """A process that leads as long as it may, and notes when."""

    def __init__(self, kube: FakeKube, name: str) -> None:
        self.name = name
        self.elector = Elector(kube, "system", name, lambda: given.NOW)
        self.led_from: float | None = None
        self.led_until: float | None = None
        self.task = asyncio.create_task(self._live())

    async def _live(self) -> None:
        loop = asyncio.get_running_loop()
        await self.elector.acquire()
        self.led_from = loop.time()
        try:
            await self.elector.hold()
        finally:
            self.led_until = loop.time()

    async def die(self) -> None:
        """Stop as a killed process does: nothing is given back."""
        self.task.cancel()
        with suppress(asyncio.CancelledError, LeadershipLostError):
            await self.task

    async def leave(self) -> None:
        """Stop as a process does that is told to."""
        await self.die()
        await self.elector.release()


def holder(kube: FakeKube) -> str:
    found: str = kube.objects["leases", NAME]["spec"]["holderIdentity"]
    return found


def test_acquire__alone__leads_at_once_and_renews() -> None:
    async def scenario() -> None:
        kube = FakeKube()
        one = Candidate(kube, "one")
        await asyncio.sleep(61)
        assert (one.led_from, one.elector.is_leading, holder(kube)) == (0.0, True, "one")
        assert one.elector.silence() < 4
        assert len(kube.written()) == 1 + 60 // 3, "one renewal every 3 s"
        await one.die()

    run(scenario())


@pytest.mark.parametrize(("is_clean", "within"), [(False, 12.0), (True, 1.0)])
def test_acquire__the_leader_ends__another_one_leads_soon(is_clean: bool, within: float) -> None:  # noqa: FBT001
    async def scenario() -> None:
        kube = FakeKube()
        one = Candidate(kube, "one")
        await asyncio.sleep(0.5)
        two = Candidate(kube, "two")
        await asyncio.sleep(30)
        assert two.led_from is None, "a living leader is left alone"
        ended = asyncio.get_running_loop().time()
        await (one.leave() if is_clean else one.die())
        await asyncio.sleep(20)
        assert two.led_from is not None
        assert two.led_from - ended <= within
        assert kube.objects["leases", NAME]["spec"]["leaseTransitions"] == 1
        await two.die()

    run(scenario())


def test_hold__cut_off_from_the_api_server__gives_up_before_another_may_lead() -> None:
    async def scenario() -> None:
        kube, cut = FakeKube(), FakeKube()
        one = Candidate(kube, "one")
        await asyncio.sleep(4)
        two = Candidate(kube, "two")
        await asyncio.sleep(1)

        async def unreachable(*_: Any, **__: Any) -> None:
            raise UnavailableError("no route")

        one.elector._kube = cut  # type: ignore[assignment]
        cut.merge = unreachable  # type: ignore[method-assign,assignment]
        await asyncio.sleep(30)
        with pytest.raises(LeadershipLostError, match="could not be renewed for 7 s"):
            await one.task
        assert one.led_until is not None
        assert two.led_from is not None
        assert one.led_until < two.led_from
        await two.die()

    run(scenario())


def test_hold__the_answer_to_a_renewal_is_lost__goes_on_leading() -> None:
    async def scenario() -> None:
        kube = FakeKube()
        one = Candidate(kube, "one")
        await asyncio.sleep(4)
        raw = kube.objects["leases", NAME]
        kube.put("leases", raw | {"spec": raw["spec"] | {"renewTime": "later"}})
        await asyncio.sleep(30)
        assert (one.led_until, holder(kube)) == (None, "one")
        await one.die()

    run(scenario())


@pytest.mark.parametrize(
    ("change", "match"), [("other", "was taken by other"), (None, "is gone")], ids=["taken", "gone"]
)
def test_hold__the_lease_is_no_longer_ours__ends_at_once(change: str | None, match: str) -> None:
    async def scenario() -> None:
        kube = FakeKube()
        one = Candidate(kube, "one")
        await asyncio.sleep(4)
        raw = kube.objects["leases", NAME]
        if change:
            kube.put("leases", raw | {"spec": raw["spec"] | {"holderIdentity": change}})
        else:
            kube.drop("leases", NAME)
        await asyncio.sleep(3)
        with pytest.raises(LeadershipLostError, match=match):
            await one.task
        assert not one.elector.is_leading

    run(scenario())


def test_acquire__refused_for_a_while__is_tried_until_it_works() -> None:
    async def scenario() -> None:
        kube = FakeKube()
        kube.errors["get", "leases"] = deque([RefusedError("no rights yet")] * 2)
        one = Candidate(kube, "one")
        await asyncio.sleep(5)
        assert one.led_from == 2.0
        await one.die()

    run(scenario())


def test_acquire__two_at_the_same_moment__exactly_one_leads() -> None:
    async def scenario() -> None:
        kube = FakeKube()
        both = [Candidate(kube, name) for name in ("one", "two")]
        await asyncio.sleep(60)
        assert sum(each.elector.is_leading for each in both) == 1
        for each in both:
            await each.die()

    run(scenario())


def test_acquire__the_same_pod_after_a_crash__leads_at_once() -> None:
    async def scenario() -> None:
        kube = FakeKube()
        one = Candidate(kube, "one")
        await asyncio.sleep(5)
        await one.die()
        again = Candidate(kube, "one")
        await asyncio.sleep(1)
        assert again.led_from == 5.0
        await again.die()

    run(scenario())
