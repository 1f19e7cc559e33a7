"""Removals from end to end: what people and nodes see, whoever dies in between."""

import pytest

from unit.operator.driver import Driver
from unit.operator.fake_loop import run
from wasmwright_operator import names
from wasmwright_operator.kube.port import WASM_RUNTIMES

SPIN = names.runtime_label("spin")
NODES = ("n1", "n2", "n3")


async def installed(**spec: object) -> Driver:
    driver = Driver()
    driver.declare("spin", **spec)
    for name in NODES:
        driver.add_node(name, "spin")
    await driver.start()
    await driver.settle()
    await driver.finish_all()
    assert [driver.labels(name)[SPIN] for name in NODES] == ["ready"] * 3
    return driver


def force(driver: Driver) -> None:
    raw = driver.get("wasmruntimes", "spin")
    raw["metadata"].setdefault("annotations", {})[names.FORCE_DELETE] = "true"
    driver.kube.put(WASM_RUNTIMES.plural, raw)


def test_deletion__attracts_no_more_pods__on_any_node_from_the_start() -> None:
    async def scenario() -> None:
        driver = await installed(rollout={"maxParallel": 1})
        driver.kube.drop("wasmruntimes", "spin")
        await driver.settle()

        assert len(driver.running()) == 1
        assert [driver.labels(name) for name in NODES] == [{SPIN: "removing"}] * 3
        await driver.crash()

    run(scenario())


def test_deletion__while_paused__leaves_the_labels() -> None:
    async def scenario() -> None:
        driver = await installed()
        driver.declare("spin", rollout={"paused": True})
        driver.kube.drop("wasmruntimes", "spin")
        await driver.settle()
        assert [driver.labels(name)[SPIN] for name in NODES] == ["ready"] * 3

        driver.declare("spin")
        await driver.settle()
        assert [driver.labels(name)[SPIN] for name in NODES] == ["removing"] * 3
        await driver.finish_all()
        assert driver.get("wasmruntimes", "spin") == {}
        await driver.crash()

    run(scenario())


@pytest.mark.parametrize("dies", [False, True], ids=["", "operator-restarted"])
def test_node_away__does_not_hold_a_deletion_up_for_ever__and_is_cleaned_when_back(
    *, dies: bool
) -> None:
    async def scenario() -> None:
        driver = await installed(removal={"unreachableTimeout": "10m"})
        driver.go("n2", away=True)
        driver.kube.drop("wasmruntimes", "spin")
        await driver.settle()
        await driver.finish_all()
        assert driver.get("wasmruntimes", "spin"), "it waits"
        assert driver.get("runtimeclasses", "spin")

        await driver.settle(600)
        assert driver.get("wasmruntimes", "spin") == {}
        assert driver.get("runtimeclasses", "spin") == {}
        assert driver.running() == [], "nobody could run it"
        assert driver.status("n2")["state"] == "Orphaned"
        assert driver.labels("n2") == {SPIN: "removing"}

        if dies:
            await driver.crash()
            await driver.start()
            await driver.settle()
        assert driver.status("n2")["state"] == "Orphaned"
        driver.go("n2", away=False)
        await driver.settle()
        assert len(driver.running()) == 1
        await driver.finish_all()
        assert driver.labels("n2") == {}
        assert driver.status("n2")["conditions"][1]["reason"] == "UnknownRuntime"
        await driver.crash()

    run(scenario())


def test_forced_deletion__goes_on_without_the_nodes__which_are_cleaned_all_the_same() -> None:
    async def scenario() -> None:
        driver = await installed(rollout={"maxParallel": 1})
        driver.kube.drop("wasmruntimes", "spin")
        force(driver)
        await driver.settle()

        assert driver.get("wasmruntimes", "spin") == {}
        assert driver.get("runtimeclasses", "spin") == {}
        assert len(driver.running()) == 3
        await driver.finish_all()
        assert [driver.labels(name) for name in NODES] == [{}] * 3
        await driver.crash()

    run(scenario())


def test_runtime__forced_away_and_created_again_while_a_node_is_away__is_served_without_a_run() -> (
    None
):
    async def scenario() -> None:
        roomy = {"maxUnavailable": 3}
        driver = await installed(rollout=roomy)
        driver.go("n1", away=True)
        driver.kube.drop("wasmruntimes", "spin")
        force(driver)
        await driver.settle()
        await driver.finish_all()
        jobs = len(driver.of("jobs"))
        assert driver.status("n1")["state"] == "Orphaned"

        driver.declare("spin", rollout=roomy)
        await driver.settle()
        assert driver.status("n1")["state"] == "Ready"
        assert driver.labels("n1")[SPIN] == "ready"
        await driver.finish_all()
        assert len(driver.of("jobs")) == jobs + 2, "of the other two"
        await driver.crash()

    run(scenario())


def test_wanted_again__in_the_middle_of_its_removal__is_installed_in_the_end() -> None:
    async def scenario() -> None:
        driver = await installed()
        driver.ask("n1", ())
        await driver.settle()
        assert len(driver.running()) == 1
        assert driver.labels("n1") == {SPIN: "removing"}

        driver.ask("n1", ("spin",))
        await driver.finish_all()

        assert driver.labels("n1") == {SPIN: "ready", names.PROVISIONED: "true"}
        await driver.crash()

    run(scenario())
