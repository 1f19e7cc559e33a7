"""What a plan costs, in calls of functions: as many on every machine."""

import asyncio
import cProfile
import pstats
from functools import cache

import pytest

from unit.operator.fleet.large import LargeFleet
from wasmwright_operator.fleet import Memo, plan_fleet

pytestmark = pytest.mark.no_cover  # one profiler at a time

SMALL, LARGE = 80, 320
STAGES = pytest.mark.parametrize("done", [0.5, 1.0], ids=["rolling out", "long after it"])


@cache
def fleet(nodes: int, done: float) -> LargeFleet:
    made = LargeFleet(nodes, parallel=nodes // 8)
    asyncio.run(made.roll_out(done))
    return made


def calls(made: LargeFleet, memo: Memo | None = None) -> int:
    plan_fleet(made.snapshot(), made.now, memo)  # so that caches of the process are filled
    profile = cProfile.Profile()
    profile.runcall(plan_fleet, made.snapshot(), made.now, memo)
    stats: pstats.StatsProfile = pstats.Stats(profile).get_stats_profile()
    return sum(int(str(it.ncalls).partition("/")[0]) for it in stats.func_profiles.values())


@STAGES
def test_plan__of_four_times_the_nodes__costs_four_times_as_much(done: float) -> None:
    small, large = calls(fleet(SMALL, done)), calls(fleet(LARGE, done))

    assert large / small < 1.02 * LARGE / SMALL


@STAGES
def test_plan__that_knows_the_last_one__costs_less_than_a_fifth(done: float) -> None:
    made = fleet(LARGE, done)

    assert calls(made, Memo()) < 0.2 * calls(made)
