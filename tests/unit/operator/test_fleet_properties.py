"""Whatever people do and however nodes fail: slots hold, plans end, and all becomes as asked."""

import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given as holds_for
from hypothesis import settings
from hypothesis import strategies as st

from unit.operator.driver import Driver
from unit.operator.fake_loop import run
from wasmwright_installer.contract import ExitCode
from wasmwright_operator import names
from wasmwright_operator.actions import Wake
from wasmwright_operator.fleet import plan_fleet
from wasmwright_operator.node import plan_node

pytestmark = pytest.mark.no_cover  # hundreds of runs of what other tests measure once

RUNTIMES = ("spin", "wasmtime", "wasmedge")
NODES = tuple(f"n{number}" for number in range(5))
ENDS = (ExitCode.DONE, ExitCode.ROLLED_BACK, ExitCode.IN_USE, ExitCode.UNSUPPORTED)

versions = st.sampled_from(("1.7.28", "2.3.4", "Unknown"))
wishes = st.sets(st.sampled_from((*RUNTIMES, "unknown")))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from(NODES), wishes),
        st.tuples(st.just("end"), st.sampled_from(ENDS), st.integers(1, 3)),
        st.tuples(st.just("change"), st.sampled_from(RUNTIMES), st.integers(0, 2)),
        st.tuples(st.just("delete"), st.sampled_from(RUNTIMES), st.none()),
        st.tuples(st.just("away"), st.sampled_from(NODES), st.booleans()),
        st.tuples(st.just("replace"), st.sampled_from(NODES), wishes),
        st.tuples(st.just("report"), st.sampled_from(NODES), st.none()),
        st.tuples(st.just("lose"), st.sampled_from(NODES), st.sampled_from(RUNTIMES)),
        st.tuples(st.just("reboot"), st.sampled_from(NODES), st.none()),
        st.tuples(st.just("exchange"), st.sampled_from(NODES), versions),
        st.tuples(st.just("clobber"), st.sampled_from(NODES), st.sampled_from(RUNTIMES)),
        st.tuples(st.just("wait"), st.sampled_from((0.02, 5, 20, 150)), st.none()),
        st.tuples(st.just("crash"), st.none(), st.none()),
    ),
    max_size=14,
)
slots = st.tuples(*(st.integers(1, 3) for _ in RUNTIMES))
unhurried = settings(max_examples=40)


def declare(driver: Driver, name: str, slots: int, edition: int = 0) -> None:
    config = {"snapshotter": f"edition-{edition}"}
    never = {"maxFailures": "100%", "progressDeadlineSeconds": 0}
    driver.declare(name, config=config, rollout={**never, "maxParallel": slots})


async def take(driver: Driver, step: tuple[str, Any, Any], slots: dict[str, int]) -> None:
    kind, what, detail = step
    if kind == "ask":
        driver.ask(what, sorted(detail))
    elif kind == "end":
        for job in driver.running()[:detail]:
            driver.finish(job, what)
    elif kind == "away":
        driver.go(what, away=detail)
    elif kind == "replace":
        driver.kube.drop("nodes", what)
        driver.add_node(what, ",".join(sorted(detail)))
    elif kind in {"report", "lose", "reboot", "exchange", "clobber"}:
        happen(driver, step)
    elif kind == "wait":
        await driver.settle(what)
    elif kind == "crash":
        await driver.crash()
        await driver.start()
    else:
        take_runtime(driver, step, slots)
    await driver.settle(0.1)


def happen(driver: Driver, step: tuple[str, Any, Any]) -> None:
    """Something happens to a node that nobody asked for."""
    kind, node, detail = step
    if kind == "report":
        driver.serve(node, driver.handlers(node) or ())
    elif kind == "lose":
        handlers = driver.handlers(node)
        if handlers is not None:
            driver.serve(node, handlers - {"", "runc", detail})
    elif kind == "reboot":
        driver.reboot(node)
    elif kind == "exchange":
        driver.exchange_container_runtime(node, detail)
    else:
        raw = driver.kube.objects["nodes", node]
        labels = {**raw["metadata"]["labels"], names.runtime_label(detail): "ready"}
        driver.kube.put("nodes", {**raw, "metadata": {**raw["metadata"], "labels": labels}})


def take_runtime(driver: Driver, step: tuple[str, Any, Any], slots: dict[str, int]) -> None:
    kind, name, edition = step
    raw = driver.get("wasmruntimes", name)
    if kind == "delete" and raw:
        driver.kube.drop("wasmruntimes", name)
    elif kind == "change" and "deletionTimestamp" not in raw.get("metadata", {}):
        declare(driver, name, slots[name], edition)


def assert_as_asked(driver: Driver) -> None:
    known = {raw["metadata"]["name"] for raw in driver.of("wasmruntimes")}
    for node in driver.of("nodes"):
        name = node["metadata"]["name"]
        asked = set(
            filter(None, node["metadata"]["annotations"].get(names.RUNTIMES, "").split(","))
        )
        served = asked & known
        labels = driver.labels(name)
        assert {names.runtime_label(runtime) for runtime in served} == {
            key for key in labels if key != names.PROVISIONED
        }
        assert (names.PROVISIONED in labels) == (bool(asked) and asked <= known)
        assert bool(driver.get("wasmnodes", name)) == bool(asked)
    assert not any("deletionTimestamp" in raw["metadata"] for raw in driver.of("wasmruntimes"))
    classes = {raw["metadata"]["name"] for raw in driver.of("runtimeclasses")}
    assert classes <= known


@unhurried
@holds_for(steps, slots, st.integers(0, 2**32))
def test_any_history__keeps_within_its_slots_and_ends_as_asked(
    history: list[tuple[str, Any, Any]],
    given_slots: tuple[int, ...],
    seed: int,
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test's order of events
    allowed = dict(zip(RUNTIMES, given_slots, strict=True))

    def shuffled(events: list[tuple[str, str, dict[str, object]]]) -> list[object]:
        """Events of different kinds come in any order, and some come twice."""
        doubled = [*events, *(event for event in events if event[0] != "DELETED")]
        chance.shuffle(doubled)
        return doubled  # type: ignore[return-value]

    async def scenario() -> None:
        driver = Driver(order=shuffled)  # type: ignore[arg-type]
        for runtime, count in allowed.items():
            declare(driver, runtime, count)
        for name in NODES:
            driver.add_node(name)
        await driver.start()
        for step in history:
            await take(driver, step, allowed)
        for name in NODES:
            driver.go(name, away=False)
        await driver.settle()
        await driver.finish_all()
        for _ in range(2):  # what a kubelet denies shows after the run
            await driver.settle(3700)  # the longest backoff
            await driver.finish_all()
        for name in NODES:  # what cannot heal by itself waits for a person
            node = driver.kube.objects["nodes", name]
            node["metadata"].setdefault("annotations", {})[names.RETRY] = "please"
            driver.kube.put("nodes", node)
        await driver.settle()
        await driver.finish_all()

        for runtime, count in allowed.items():
            assert driver.most[runtime] <= count
        assert_as_asked(driver)
        assert_nothing_is_left_to_do(driver)
        await driver.crash()

    run(scenario())


def assert_nothing_is_left_to_do(driver: Driver) -> None:
    """Planning again, now or later, gives no write."""
    later = driver.now() + timedelta(hours=1)
    cache = driver.cache
    assert [a for a in plan_fleet(cache.snapshot(), later) if not isinstance(a, Wake)] == []
    for name in NODES:
        work = cache.jobs_of(name), cache.pods_of(name)
        assert plan_node(cache.node_view(name), *work, later) == ()


def test_steady_state__and_a_restart__write_nothing() -> None:
    async def scenario() -> None:
        driver = Driver()
        for runtime in RUNTIMES:
            declare(driver, runtime, 2)
        for name in NODES:
            driver.add_node(name, "spin,wasmtime")
        await driver.start()
        await driver.settle()
        await driver.finish_all()
        before = len(driver.kube.written())

        await driver.settle(3600)
        await driver.crash()
        await driver.start()
        await driver.settle(60)

        assert driver.kube.written()[before:] == []
        await driver.crash()

    run(scenario())
