"""A rollout over machines that kwok plays, as seen by everybody who watches it."""

import pytest

from integration.operator.fleet import Fleet
from integration.operator.referee import most
from integration.operator.world import wait

pytestmark = pytest.mark.integration

NODES = [f"n{number}" for number in range(30)]


def test_rollout__over_thirty_nodes__uses_its_budget_and_never_more(fleet: Fleet) -> None:
    fleet.add_nodes(*NODES)
    fleet.declare("spin", rollout={"maxParallel": 6, "maxUnavailable": "100%"})
    fleet.ask(*NODES)
    wait(lambda: fleet.provisioned() == set(NODES), 60)

    in_flight, installers = most(fleet.history, "spin")
    assert in_flight == 6
    assert 1 < installers <= 6
    assert len(fleet.history.created("jobs")) == len(NODES)
    fleet.assert_rules_held()
