"""Two operators on a real API server: one acts, and the other one when that is gone."""

import socket
import time
import urllib.request
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


def test_endpoints__of_the_leader_and_of_the_other_one__say_what_each_is(
    world: World, tmp_path: Path
) -> None:
    port = free_port()
    second = OperatorProcess(world.operator.kubeconfig, tmp_path / "s.log", "second", port)
    second.spawn()
    try:
        second.wait_for("standing by")
        assert wait(lambda: told(port, "/readyz")) == "queue: ok\nlease: ok\nsync: ok\n"
        assert 'leader_election_master_status{name="wasmwright-operator"} 0.0' in told(
            port, "/metrics"
        )
        world.operator.stop()
        second.wait_for("in sync")
        world.declare("spin")
        world.add_node("n1", annotations={"wasmwright.dev/runtimes": "spin"})
        world.wait_provisioned("n1")
        metrics = wait(lambda: counted(told(port, "/metrics")))
    finally:
        second.kill()
    assert 'leader_election_master_status{name="wasmwright-operator"} 1.0' in metrics
    assert 'wasmwright_api_requests_total{code="201",resource="jobs",verb="POST"} 1.0' in metrics
    assert 'workqueue_depth{name="wasmwright"}' in metrics


def counted(metrics: str) -> str:
    """The metrics once the status of the runtime has been written, else nothing."""
    ready = 'wasmwright_runtime_nodes{runtime="spin",state="ready"} 1.0'
    return metrics if ready in metrics else ""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def told(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        text: str = answer.read().decode()
        return text


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
