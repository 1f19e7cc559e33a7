"""Two operators on a real API server: one acts, and the other one when that is gone."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.operator.world import LEASE, LEASES, OperatorProcess, World, wait

pytestmark = pytest.mark.integration


@pytest.fixture
def second(world: World, tmp_path: Path) -> Iterator[OperatorProcess]:
    """A second operator beside the one of the world."""
    process = OperatorProcess(world.operator.kubeconfig, tmp_path / "second.log", "second")
    process.spawn()
    process.wait_for("standing by")
    yield process
    process.kill()


def test_leader__killed__is_followed_within_20_s_and_nothing_is_done_twice(
    world: World, second: OperatorProcess
) -> None:
    world.declare("spin", rollout={"maxParallel": 1})
    nodes = [f"n{number}" for number in range(4)]
    for name in nodes:
        world.add_node(name, annotations={"wasmwright.dev/runtimes": "spin"})
    wait(lambda: world.jobs("n0"))
    assert second.writes() == [], "it only watches the Lease"

    world.operator.kill()
    killed = time.monotonic()
    second.wait_for("in sync")

    assert time.monotonic() - killed < 20
    world.wait_provisioned(*nodes)
    assert sorted(world.kubelets.ran) == nodes
    assert world.kubelets.most_at_once == 1


def test_leader__stopped__is_followed_at_once(world: World, second: OperatorProcess) -> None:
    assert world.operator.stop() == 0
    stopped = time.monotonic()
    second.wait_for("in sync")
    assert time.monotonic() - stopped < 4


def test_leader__whose_lease_is_taken_away__ends_by_itself_and_says_why(world: World) -> None:
    assert world.operator.child is not None
    world.api.merge(f"{LEASES}/{LEASE}", {"spec": {"holderIdentity": "somebody"}})
    assert world.operator.child.wait(timeout=10) == 1
    world.operator.child = None
    assert "was taken by somebody" in world.operator.log.read_text()
