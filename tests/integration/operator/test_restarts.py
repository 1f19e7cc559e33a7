"""Killing and restarting the operator loses nothing, does nothing twice and writes nothing new."""

import time

import pytest

from integration.operator.world import LEASE, LEASES, QUIET, World, wait

pytestmark = pytest.mark.integration

NODES = [f"n{number}" for number in range(6)]


def test_steady_state__and_a_restart__write_nothing(world: World) -> None:
    world.declare("spin")
    world.declare("wasmtime", placement={"nodeSelector": {}})
    for name in NODES:
        world.add_node(name, annotations={"wasmwright.dev/runtimes": "spin"})
    world.wait_provisioned(*NODES)
    wait(lambda: world.condition("wasmtime", "Ready").get("status") == "True")
    time.sleep(2 * QUIET)
    before, lines = world.versions(), len(world.operator.lines)

    time.sleep(QUIET)
    assert world.operator.stop() == 0
    world.operator.start()
    time.sleep(2 * QUIET)

    assert world.operator.writes(lines) == []
    assert world.versions() == before


def test_stop__as_kubernetes_does_it__takes_no_time_and_gives_the_lease_back(world: World) -> None:
    world.kubelets.paused.set()
    world.declare("spin")
    for name in NODES:
        world.add_node(name, annotations={"wasmwright.dev/runtimes": "spin"})
    wait(world.jobs)

    begun = time.monotonic()
    assert world.operator.stop() == 0

    assert time.monotonic() - begun < 2
    assert not world.api.get(f"{LEASES}/{LEASE}")["spec"].get("holderIdentity")


@pytest.mark.parametrize("moment", [0.1, 0.3, 0.6], ids=lambda seconds: f"{seconds}s")
def test_kill__in_the_middle__converges_without_a_second_job(world: World, moment: float) -> None:
    world.declare("spin", rollout={"maxParallel": 2})
    for name in NODES:
        world.add_node(name, annotations={"wasmwright.dev/runtimes": "spin"})

    time.sleep(moment)
    world.operator.kill()
    world.operator.start()

    world.wait_provisioned(*NODES)
    assert sorted(world.kubelets.ran) == NODES
    assert world.kubelets.most_at_once <= 2


def test_kill__with_jobs_running__reads_their_results_afterwards(world: World) -> None:
    world.kubelets.paused.set()
    world.declare("spin")
    world.add_node("n1", annotations={"wasmwright.dev/runtimes": "spin"})
    wait(lambda: world.jobs("n1"))

    world.operator.kill()
    world.kubelets.resume()
    wait(lambda: world.jobs("n1")[0].get("status", {}).get("succeeded"))
    world.operator.start()

    world.wait_provisioned("n1")
    assert world.kubelets.ran == ["n1"]
