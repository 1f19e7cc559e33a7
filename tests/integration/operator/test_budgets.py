"""How many nodes change at a time, at every instant of what happened on the API server."""

import time
from typing import Final

import pytest

from integration.operator import editions
from integration.operator.api import NODES, Raw
from integration.operator.faults import Fault, broken, conflict, throttled
from integration.operator.fleet import Fleet, in_parallel
from integration.operator.history import History
from integration.operator.probes.probing import LABEL, killing
from integration.operator.referee import most
from integration.operator.requests import Request
from integration.operator.world import QUIET, wait

pytestmark = pytest.mark.integration

NODES_25: Final = tuple(f"n{number:02}" for number in range(25))
DOWN: Final = NODES_25[:3]
BURSTS: Final = (conflict(), throttled(), broken())
ABOUT_NODES: Final = frozenset({"nodes", "wasmnodes/status", "jobs"})
ALLOWED: Final = 2
"""10% of 25, rounded down."""


def test_scenario_13__errors_in_bursts__cost_no_transition(fleet: Fleet) -> None:
    nodes = NODES_25[:5]
    fleet.proxy.decide = in_bursts
    fleet.add_nodes(*nodes)
    fleet.declare("spin", rollout=editions.BOLD)
    fleet.ask(*nodes)
    fleet.wait_provisioned_exactly(nodes)
    fleet.ask(*nodes, runtimes=None)
    fleet.wait_given_back(*nodes)

    refused = {it.fault.code for it in fleet.proxy.seen if it.fault in BURSTS}  # type: ignore[union-attr]
    assert refused == {409, 429, 500}
    for name in nodes:
        assert fleet.history.labels(name, LABEL) == ["", "ready", "removing", ""]
    assert len(fleet.history.created("jobs")) == 2 * len(nodes)
    fleet.assert_rules_held()


def in_bursts(request: Request) -> Fault | None:
    """Refuse the first six writes of each kind about nodes, and then six of every twelve."""
    is_hit = request.is_write and request.resource in ABOUT_NODES and request.number % 12 < 6
    return BURSTS[request.number % 3] if is_hit else None


def test_scenario_21__ten_percent_of_25_nodes__are_two__and_those_that_are_down_count(
    fleet: Fleet,
) -> None:
    fleet.add_nodes(*NODES_25)
    rollout = {"maxParallel": 25, "maxUnavailable": "10%"}
    fleet.declare("spin", config=editions.config(1), rollout=rollout)
    fleet.ask(*NODES_25)
    fleet.wait_provisioned_exactly(NODES_25)
    assert most(fleet.history, "spin")[0] == ALLOWED

    in_parallel(fleet.set_down, DOWN)
    wait(lambda: editions.told(fleet)["nodes"]["unavailable"] == len(DOWN))
    editions.roll_out(fleet, 2)
    wait(lambda: fleet.condition("spin", "Progressing").get("reason") == "BudgetExhausted")
    time.sleep(QUIET)
    assert editions.editions(fleet, *NODES_25).count(2) == 0
    for name in DOWN:
        fleet.set_down(name, is_down=False)
    wait(lambda: editions.editions(fleet, *NODES_25).count(2) > len(DOWN))

    assert too_many_down(fleet.history) == []
    fleet.assert_rules_held()


def too_many_down(history: History) -> list[int]:
    """Return the versions at which nodes changed that were missed by more than allowed."""
    found = []
    for moment in history.moments():
        down = sum(not is_ready(raw) for raw in moment.nodes.values())
        changing = moment.in_flight()["spin"]
        if changing and changing + down > ALLOWED:
            found.append(moment.version)
    return found


def is_ready(raw: Raw) -> bool:
    conditions = raw["status"].get("conditions", [])
    return any(it["type"] == "Ready" and it["status"] == "True" for it in conditions)


def test_scenario_22__hundred_nodes_ask_at_once__and_the_operator_dies__none_is_left_behind(
    fleet: Fleet,
) -> None:
    nodes = [f"n{number}" for number in range(100)]
    selector = {"nodeSelector": {"matchLabels": {"pool": "wasm"}}}
    rollout = {"maxParallel": 20, "maxUnavailable": "100%"}
    fleet.add_nodes(*nodes)
    fleet.proxy.decide = killing(fleet, "jobs", 30)
    fleet.declare("spin", placement=selector, rollout=rollout)

    in_parallel(lambda name: label(fleet, name), nodes)
    wait(lambda: fleet.operator.child is None)
    fleet.operator.start()

    fleet.wait_provisioned_exactly(nodes)
    in_flight, installers = most(fleet.history, "spin")
    assert in_flight == 20
    assert 1 < installers <= 20
    assert len(fleet.history.created("jobs")) == len(nodes)
    fleet.assert_rules_held()


def label(fleet: Fleet, node: str) -> None:
    fleet.api.merge(f"{NODES}/{node}", {"metadata": {"labels": {"pool": "wasm"}}})
