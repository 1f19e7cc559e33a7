"""The ledger of slots on a real API server, through everything that may come between its writes."""

import signal
from pathlib import Path

import pytest

from integration.operator.world import LEDGER, OperatorProcess, World, wait

pytestmark = pytest.mark.integration

NODES = tuple(f"n{number}" for number in range(6))


def declare(world: World, most: int) -> None:
    world.declare("spin", rollout={"maxParallel": most, "maxUnavailable": "100%"})
    for name in NODES:
        world.add_node(name, annotations={"wasmwright.dev/runtimes": "spin"})


def slots(world: World) -> dict[str, str]:
    found: dict[str, str] = world.api.get(LEDGER).get("data", {})
    return found


def assert_all_done(world: World, most: int) -> None:
    world.wait_provisioned(*NODES)
    assert sorted(world.kubelets.ran) == list(NODES)
    assert world.kubelets.most_at_once <= most
    wait(lambda: world.api.get(LEDGER) and not slots(world))


def test_leader_that_was_frozen__wakes_beside_its_successor__and_one_limit_holds(
    world: World, tmp_path: Path
) -> None:
    first = world.operator.child
    assert first is not None
    second = OperatorProcess(world.operator.kubeconfig, tmp_path / "second.log", "second")
    second.spawn()
    try:
        second.wait_for("standing by")
        declare(world, 1)
        wait(lambda: slots(world))
        first.send_signal(signal.SIGSTOP)
        second.wait_for("in sync")
        first.send_signal(signal.SIGCONT)

        assert_all_done(world, 1)
    finally:
        second.kill()


def test_ledger__deleted_and_scribbled_on__is_made_anew_and_the_limit_holds(world: World) -> None:
    declare(world, 2)
    wait(lambda: len(world.kubelets.ran) > 1)
    world.api.delete(LEDGER)
    wait(lambda: slots(world))
    world.api.merge(LEDGER, {"data": {"note": "to self"}})

    assert_all_done(world, 2)


def test_cluster_at_rest__is_not_written_to(world: World) -> None:
    declare(world, 2)
    assert_all_done(world, 2)
    version = world.api.get(LEDGER)["metadata"]["resourceVersion"]

    world.operator.stop()
    world.operator.start()

    assert world.api.get(LEDGER)["metadata"]["resourceVersion"] == version
