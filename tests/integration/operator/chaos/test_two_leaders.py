"""Two operators that both take themselves for the leader, one of them with an old view.

The Lease is taken from the leader, which learns of it only seconds later, and meanwhile sees no
more of some kinds of objects; everything that it decides goes to the API server as always.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from integration.operator.chaos.settling import reproducible, settle
from integration.operator.chaos.stage import Stage
from integration.operator.chaos.story import Fate, Story
from integration.operator.chaos.verdict import repetitions
from integration.operator.faults import Fault, Late
from integration.operator.fleet import Fleet
from integration.operator.proxy import Proxy, passes
from integration.operator.requests import Request
from integration.operator.world import LEASE, LEASES, OperatorProcess, wait

_UNAWARE_FOR: Final = 5.0
"""Seconds for which the old leader hears nothing of the Lease; it gives up after seven."""
WORK: Final = ("wasmnodes", "configmaps")
ALL: Final = (*WORK, "nodes", "wasmruntimes", "jobs", "pods")


@dataclass
class Candidate:
    """One operator and what stands before it."""

    process: OperatorProcess
    proxy: Proxy


@pytest.fixture
def rival(fleet: Fleet, operator_kubeconfig: Path, tmp_path: Path) -> Iterator[Candidate]:
    """A second operator, which stands by."""
    with Proxy(operator_kubeconfig) as proxy:
        config = proxy.kubeconfig(operator_kubeconfig, tmp_path / "rival.kubeconfig")
        process = OperatorProcess(
            config, tmp_path / "rival.log", "rival", environ=fleet.operator.environ
        )
        process.spawn()
        try:
            process.wait_for("standing by")
            yield Candidate(process, proxy)
        finally:
            process.kill()


@pytest.mark.integration
def test_two_leaders__one_with_an_old_view__hold_the_budget_together(
    fleet: Fleet, rival: Candidate, quick_seed: int
) -> None:
    run(fleet, rival, quick_seed, nodes=60, views=(WORK, ("configmaps",)))


@pytest.mark.chaos
def test_two_leaders__over_and_over__hold_the_budget_together(
    fleet: Fleet, rival: Candidate, seed: int
) -> None:
    run(fleet, rival, seed, nodes=150, views=(WORK, ("configmaps",), ("wasmnodes",), ALL))


def run(
    fleet: Fleet, rival: Candidate, seed: int, *, nodes: int, views: tuple[tuple[str, ...], ...]
) -> None:
    fates = {f"s{seed}-{number:03}": fate_of(number + seed) for number in range(nodes)}
    stage = Stage(fleet, Story(seed, fates, ()), max_parallel=5)
    stage.weather.is_calm = True
    leader, other = Candidate(fleet.operator, fleet.proxy), rival
    with reproducible(seed):
        stage.play()
        for number, view in enumerate(views):
            stage.upgrade(f"v{number + 2}")
            since = len(leader.proxy.seen)
            wait(lambda leader=leader, since=since: len(leader.proxy.writes(since)) > 15)
            overlap(fleet, leader, other, view)
            leader, other = other, leader
        settle(stage)
        fleet.assert_rules_held()
        assert not (found := repetitions(stage)), "\n".join(found)


def fate_of(number: int) -> Fate:
    """Return a fate; nodes that fail make the slots of two leaders differ."""
    return {0: Fate.BROKEN, 4: Fate.FLAKY, 8: Fate.FLAKY, 12: Fate.HOPELESS}.get(
        number % 16, Fate.GOOD
    )


def overlap(fleet: Fleet, leader: Candidate, other: Candidate, view: tuple[str, ...]) -> None:
    """Let both lead for some seconds; the one that led first ends, and stands by then."""
    leader.proxy.decide = unaware_of_the_lease
    leader.proxy.hold_watches(*view)
    fleet.api.merge(f"{LEASES}/{LEASE}", {"spec": {"holderIdentity": ""}})
    other.process.wait_for("leading")
    began = len(leader.proxy.seen)
    assert leader.process.child is not None
    code = leader.process.child.wait(timeout=30)
    assert code == 1, "it has lost the Lease"
    assert leader.proxy.writes(began) or view == ALL, "it went on for a while"
    leader.proxy.release_watches()
    leader.proxy.decide = passes
    time.sleep(0.2)
    leader.process.spawn()
    leader.process.wait_for("standing by")


def unaware_of_the_lease(request: Request) -> Fault | None:
    return Late(_UNAWARE_FOR) if request.is_lease else None
