"""A rollout while everything fails that can: in the end each node is right, and no rule was broken.

A seed decides which requests fail, when the operator is killed and what happens to nodes. Run one
again with `--chaos-seed`; `make chaos` runs twenty over larger fleets.
"""

import pytest

from integration.operator.chaos.settling import reproducible, settle
from integration.operator.chaos.stage import Stage
from integration.operator.chaos.story import invent
from integration.operator.chaos.verdict import repetitions
from integration.operator.fleet import Fleet


@pytest.mark.integration
def test_chaos__over_a_small_fleet__ends_right_and_holds_its_budget(
    fleet: Fleet, quick_seed: int
) -> None:
    run(fleet, quick_seed, nodes=48, steps=16, max_parallel=8)


@pytest.mark.chaos
def test_chaos__over_a_large_fleet__ends_right_and_holds_its_budget(
    fleet: Fleet, seed: int
) -> None:
    run(fleet, seed, nodes=150 + seed * 7 % 51, steps=40, max_parallel=20)


def run(fleet: Fleet, seed: int, *, nodes: int, steps: int, max_parallel: int) -> None:
    stage = Stage(fleet, invent(seed, nodes, steps), max_parallel)
    with reproducible(seed):
        stage.play()
        settle(stage)
        fleet.assert_rules_held()
        assert not (found := repetitions(stage)), "\n".join(found)
