"""Two processes that both believe to lead, with old views: no limit is exceeded at any moment."""

import asyncio
from typing import Any

import pytest
from hypothesis import given as holds_for
from hypothesis import settings
from hypothesis import strategies as st

from unit.operator.fake_loop import run
from unit.operator.leaders import Leaders
from wasmwright_operator import names
from wasmwright_operator.fleet import FleetPolicy

pytestmark = pytest.mark.no_cover  # hundreds of runs of what other tests measure once

RUNTIMES = ("spin", "wasmtime")
NODES = tuple(f"n{number}" for number in range(6))
DOWN = ("d0", "d1")

wishes = st.sets(st.sampled_from(RUNTIMES))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from(NODES), wishes),
        st.tuples(st.just("end"), st.integers(1, 3), st.none()),
        st.tuples(st.just("change"), st.sampled_from(RUNTIMES), st.integers(0, 2)),
        st.tuples(st.just("replace"), st.sampled_from(NODES), wishes),
        st.tuples(st.just("wait"), st.sampled_from((0.01, 0.1, 1, 30)), st.none()),
        st.tuples(st.just("crash"), st.integers(0, 1), st.none()),
    ),
    max_size=20,
)
limits = st.tuples(*(st.tuples(st.integers(1, 3), st.integers(1, 4)) for _ in RUNTIMES))
lags = st.sampled_from([(0.001,), (0.01, 1.0), (0.01, 5.0), (20.0, 40.0)])
unhurried = settings(max_examples=25)


def declare(world: Leaders, name: str, limit: tuple[int, int], edition: int = 0) -> None:
    rollout = {
        "maxParallel": limit[0],
        "maxUnavailable": limit[1],
        "maxFailures": "100%",
        "progressDeadlineSeconds": 0,
    }
    config = {"snapshotter": f"edition-{edition}"}
    world.people.declare(name, config=config, rollout=rollout)


async def take(
    world: Leaders, step: tuple[str, Any, Any], allowed: dict[str, tuple[int, int]]
) -> None:
    people, (kind, what, detail) = world.people, step
    if kind == "ask":
        people.ask(what, sorted(detail))
    elif kind == "end":
        for job in people.running()[:what]:
            people.finish(job)
    elif kind == "change":
        declare(world, what, allowed[what], detail)
    elif kind == "replace":
        people.kube.drop("nodes", what)
        people.add_node(what, ",".join(sorted(detail)))
    elif kind == "wait":
        await world.settle(what)
    else:
        await world.leaders[what].crash()
        world.leaders[what].start()
    await world.settle(0.05)


def add_node_that_is_down(world: Leaders, name: str) -> None:
    metadata = {"name": name, "labels": {}, "annotations": {names.RUNTIMES: "spin"}}
    status = {"conditions": [{"type": "Ready", "status": "Unknown"}]}
    world.kube.put("nodes", {"metadata": metadata, "status": status})


@unhurried
@holds_for(steps, limits, lags, st.integers(0, 3), st.integers(0, 2), st.integers(0, 2**32))
def test_two_leaders__with_old_views_and_crashes__exceed_no_limit_and_come_to_an_end(
    history: list[tuple[str, Any, Any]],
    given_limits: tuple[tuple[int, int], ...],
    lag: tuple[float, ...],
    in_all: int,
    down: int,
    seed: int,
) -> None:
    allowed = dict(zip(RUNTIMES, given_limits, strict=True))

    async def scenario() -> None:
        world = Leaders(2, seed, lag, FleetPolicy(max_parallel=in_all))
        world.down = {"spin": frozenset(DOWN[:down])}
        for name in DOWN[:down]:
            add_node_that_is_down(world, name)
        for runtime, limit in allowed.items():
            declare(world, runtime, limit)
        for name in NODES:
            world.people.add_node(name, "spin,wasmtime" if name < "n4" else "")
        for leader in world.leaders:
            leader.start()
        for step in history:
            await take(world, step, allowed)
        can_end = down < allowed["spin"][1]
        await world.finish_until(lambda: not world.ledger and (is_all_done(world) or not can_end))
        assert_within(world, allowed, in_all)
        for leader in world.leaders:
            await leader.crash()

    run(scenario())


def assert_within(world: Leaders, allowed: dict[str, tuple[int, int]], in_all: int) -> None:
    for runtime, (parallel, unavailable) in allowed.items():
        assert world.most[runtime] <= parallel
        already = len(world.down.get(runtime, ()))
        assert world.most_down[runtime] <= max(unavailable, already)
    assert in_all == 0 or world.most[""] <= in_all


def is_all_done(world: Leaders) -> bool:
    return all(
        is_done(node) for node in world.people.of("nodes") if node["metadata"]["name"] in NODES
    )


def is_done(node: dict[str, Any]) -> bool:
    asked = set(filter(None, node["metadata"]["annotations"].get(names.RUNTIMES, "").split(",")))
    return asked == {
        key.partition("/")[2]
        for key, value in node["metadata"]["labels"].items()
        if key.startswith(names.RUNTIME_LABEL_DOMAIN) and value == "ready"
    }


@pytest.mark.parametrize("seed", range(8))
def test_leaders__that_see_nothing_of_each_other__share_one_limit(seed: int) -> None:
    """Each knows half of the nodes and never hears what the other one does."""

    async def scenario() -> None:
        world = Leaders(2, seed, lags=(1000.0,))
        world.kube.put("configmaps", {"metadata": {"name": names.LEDGER}})
        declare(world, "spin", (2, 10))
        for name in NODES:
            world.people.add_node(name, "spin")
        for leader, unseen in zip(world.leaders, (NODES[:3], NODES[3:]), strict=True):
            leader.blind_to = frozenset(unseen)
            leader.start()
        await world.settle(30)

        admitted = {raw["metadata"]["name"] for raw in world.people.of("wasmnodes")}
        assert world.most["spin"] == len(admitted) == 2
        assert world.ledger.keys() == admitted
        await asyncio.gather(*(leader.crash() for leader in world.leaders))

    run(scenario())
