"""The whole operator on nodes that change by themselves."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from unit.operator.driver import Driver
from unit.operator.fake_loop import run
from wasmwright_installer.contract import ExitCode, NodeDocument
from wasmwright_operator import names
from wasmwright_operator.kube.port import Raw

SPIN = names.runtime_label("spin")
READY = {SPIN: "ready", names.PROVISIONED: "true"}


def scenario(story: Callable[[Driver], Awaitable[None]]) -> None:
    """Tell a story about node n1, which has spin and whose kubelet reports handlers."""

    async def whole() -> None:
        driver = Driver()
        driver.declare("spin")
        driver.add_node("n1", "spin")
        driver.serve("n1", ())
        driver.reboot("n1")
        driver.exchange_container_runtime("n1", "1.7.28")
        await driver.start()
        await driver.settle()
        await driver.finish_all()
        assert driver.labels("n1") == READY
        await story(driver)
        await driver.crash()

    run(whole())


def causes(driver: Driver) -> list[str]:
    spec = driver.get("wasmnodes", "n1")["spec"]
    return [spec["cause"], str(spec["attempt"])]


def events(driver: Driver, reason: str) -> list[Raw]:
    return [raw for raw in driver.of("events") if raw["reason"] == reason]


def test_handler__lost__lowers_the_label_at_once_and_is_repaired() -> None:
    async def story(driver: Driver) -> None:
        await driver.settle(600)
        driver.serve("n1", ())
        await driver.settle(0.1)
        assert driver.labels("n1") == {SPIN: "failed"}
        await driver.settle(2)
        assert causes(driver) == ["Drifted", "2"]
        (job,) = driver.running()
        document = NodeDocument.model_validate_json(
            job["spec"]["template"]["metadata"]["annotations"][names.DOCUMENT]
        )
        assert (document.stored, [entry.name for entry in document.runtimes]) == ((), ["spin"])
        await driver.finish_all()
        assert driver.labels("n1") == READY
        assert driver.status("n1")["drifts"] == 1
        assert len(events(driver, "DriftDetected")) == 1

    scenario(story)


@pytest.mark.no_cover  # hundreds of runs of what other tests measure once
def test_handler__lost_whenever_it_is_repaired__is_repaired_once_an_hour_at_last() -> None:
    async def story(driver: Driver) -> None:
        runs = 0
        driver.serve("n1", ())
        for _ in range(24 * 120):
            await driver.settle(30)
            for job in driver.running():
                driver.finish(job)
                runs += 1
                await driver.settle(300)
                driver.serve("n1", ())
        assert 26 <= runs <= 33

    scenario(story)


def test_handlers__in_another_order_and_heartbeats__cause_no_work() -> None:
    async def story(driver: Driver) -> None:
        await driver.settle(600)
        before = len(driver.kube.written())
        for number in range(50):
            listed = [{"name": name} for name in ("spin", "", "runc")]
            driver.report("n1", runtimeHandlers=listed[:: 1 - 2 * (number % 2)], beat=number)
            await asyncio.sleep(0.05)
            assert driver.queue.overdue() == 0
        assert driver.kube.written()[before:] == []

    scenario(story)


def test_reboot__is_one_run_and_leaves_the_label() -> None:
    async def story(driver: Driver) -> None:
        driver.reboot("n1")
        await driver.settle()
        assert causes(driver) == ["Rebooted", "2"]
        assert driver.labels("n1") == READY
        await driver.finish_all()
        await driver.settle(600)
        assert causes(driver) == ["Rebooted", "2"]

    scenario(story)


def test_container_runtime__exchanged__is_one_run() -> None:
    async def story(driver: Driver) -> None:
        driver.exchange_container_runtime("n1", "2.3.4")
        await driver.settle()
        assert causes(driver) == ["ContainerRuntimeChanged", "2"]
        await driver.finish_all()
        await driver.settle(600)
        assert driver.running() == []

    scenario(story)


def test_container_runtime__that_restarts_while_the_kubelet_reports__is_no_other_one() -> None:
    async def story(driver: Driver) -> None:
        driver.exchange_container_runtime("n1", "Unknown")
        await driver.settle(600)
        driver.exchange_container_runtime("n1", "1.7.28")
        await driver.settle(600)
        assert causes(driver)[1] == "1"

    scenario(story)


def test_container_runtime__unknown_when_the_first_run_ends__is_known_when_it_is_exchanged() -> (
    None
):
    async def whole() -> None:
        driver = Driver()
        driver.declare("spin")
        driver.add_node("n1", "spin")
        driver.exchange_container_runtime("n1", "Unknown")
        await driver.start()
        await driver.settle()
        await driver.finish_all()
        driver.exchange_container_runtime("n1", "1.7.28")
        await driver.settle(600)
        assert causes(driver) == ["Install", "1"]
        driver.exchange_container_runtime("n1", "2.3.4")
        await driver.settle()
        assert causes(driver) == ["ContainerRuntimeChanged", "2"]
        await driver.crash()

    run(whole())


def test_container_runtime__known_again_while_pods_are_to_leave__changes_no_terms() -> None:
    """Or the runtimes that are only looked at would say that the pods are not to be evicted."""

    async def story(driver: Driver) -> None:
        driver.exchange_container_runtime("n1", "Unknown")
        driver.declare("wasmtime", rollout={"disruption": {"wasmPods": "Evict"}})
        driver.ask("n1", ["spin", "wasmtime"])
        await driver.settle(1)
        (job,) = driver.running()
        driver.finish(job, ExitCode.IN_USE, blocking_pods=("default/loop",))
        await driver.settle(1)
        driver.exchange_container_runtime("n1", "1.7.28")
        await driver.settle(6)
        spec = driver.get("wasmnodes", "n1")["spec"]
        assert (spec["cause"], spec["changes"]) == ("Retry", ["wasmtime"])
        assert spec["disruption"]["wasmPods"] == "Evict"

    scenario(story)


def test_labels__undone_again_and_again__are_written_less_and_less_and_told_once() -> None:
    async def story(driver: Driver) -> None:
        before = len(driver.kube.written())
        for _ in range(6000):
            await asyncio.sleep(0.1)
            if SPIN in driver.labels("n1"):
                raw = driver.get("nodes", "n1")
                kept = {k: v for k, v in raw["metadata"]["labels"].items() if k != SPIN}
                driver.kube.put("nodes", {**raw, "metadata": {**raw["metadata"], "labels": kept}})
        assert len(events(driver, "LabelsContested")) == 1
        assert 5 <= len(driver.kube.written()) - before <= 14

    scenario(story)
