"""The whole operator with smoke tests, also when it dies just after any of its writes."""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from unit.operator.driver import NAMESPACE, Driver
from unit.operator.fake_loop import run
from wasmwright_operator import names
from wasmwright_operator.kube.errors import RefusedError, UnavailableError
from wasmwright_operator.kube.port import Raw
from wasmwright_operator.node.smoketest import GREETING

SPIN = names.runtime_label("spin")
READY = {SPIN: "ready", names.PROVISIONED: "true"}
CLASS = names.smoke_test_class("spin")
TESTED: Any = {"smokeTest": {"timeoutSeconds": 30}}


def scenario(story: Callable[[Driver], Awaitable[None]]) -> None:
    """Tell a story about node n1, which asks for spin, whose nodes are to be tested."""

    async def whole() -> None:
        driver = Driver()
        driver.declare("spin", verify=TESTED)
        driver.add_node("n1", "spin")
        await driver.start()
        await story(driver)
        await driver.crash()

    run(whole())


def smoke_tests(driver: Driver) -> list[Raw]:
    found = driver.of("pods")
    return [raw for raw in found if names.SMOKE_TEST in raw["metadata"]["annotations"]]


def end(driver: Driver, pod: Raw, exit_code: int = 0, message: str = GREETING) -> None:
    terminated = {"exitCode": exit_code, "message": message}
    status = {
        "phase": "Failed" if exit_code else "Succeeded",
        "containerStatuses": [{"name": "smoke-test", "state": {"terminated": terminated}}],
    }
    driver.kube.put("pods", {**pod, "status": status})


async def until_tested(driver: Driver) -> Raw:
    """Let installers succeed until the pod of a smoke test is there."""
    await driver.settle()
    for job in driver.running():
        driver.finish(job)
    await driver.settle()
    (pod,) = smoke_tests(driver)
    return pod


def jobs_created(driver: Driver) -> int:
    return len([it for it in driver.kube.requests if it[:2] == ("create", "jobs")])


def test_node__is_ready_only_after_wasm_ran__and_the_pod_goes() -> None:
    async def story(driver: Driver) -> None:
        pod = await until_tested(driver)
        assert pod["spec"]["runtimeClassName"] == CLASS
        assert driver.get("runtimeclasses", CLASS)["scheduling"] == {"nodeSelector": {}}
        assert driver.labels("n1") == {}
        assert driver.get("runtimeclasses", "spin") == {}

        end(driver, pod)
        await driver.settle()

        assert driver.labels("n1") == READY
        assert smoke_tests(driver) == []
        assert driver.get("runtimeclasses", "spin")["handler"] == "spin"
        await driver.settle(30)
        driver.kube.requests.clear()
        await driver.settle(3000)
        assert driver.kube.written() == []

    scenario(story)


def test_node__whose_smoke_test_fails__says_why_and_is_tried_again() -> None:
    async def story(driver: Driver) -> None:
        end(driver, await until_tested(driver), 137, "trap: out of bounds")
        await driver.settle()

        assert driver.labels("n1") == {SPIN: "failed"}
        error = driver.status("n1")["lastError"]
        assert error["reason"] == "SmokeTestFailed"
        assert "trap: out of bounds" in error["message"]
        assert smoke_tests(driver) == []

        await driver.settle(16)
        end(driver, await until_tested(driver))
        await driver.settle()
        assert driver.labels("n1") == READY
        assert jobs_created(driver) == 2

    scenario(story)


def test_pod__that_never_ends__fails_with_what_its_kubelet_told_and_goes() -> None:
    async def story(driver: Driver) -> None:
        pod = await until_tested(driver)
        about = {"uid": pod["metadata"]["uid"]}
        driver.kube.put(
            "events",
            {
                "metadata": {"name": "e1", "namespace": NAMESPACE},
                "involvedObject": about,
                "type": "Warning",
                "reason": "FailedCreatePodSandBox",
                "message": "no such shim",
            },
        )
        await driver.settle(32)

        message = driver.status("n1")["lastError"]["message"]
        assert "did not end within 30 s" in message
        assert "FailedCreatePodSandBox: no such shim" in message
        assert smoke_tests(driver) == []

    scenario(story)


def test_events__that_may_not_be_read__keep_nobody_from_the_verdict() -> None:
    async def story(driver: Driver) -> None:
        await until_tested(driver)
        driver.kube.errors["list", "events"] = deque([RefusedError("events is forbidden")])
        await driver.settle(32)
        assert "did not end within 30 s" in driver.status("n1")["lastError"]["message"]

    scenario(story)


def test_pod__deleted_by_somebody__ends_the_run_and_is_not_made_again_and_again() -> None:
    async def story(driver: Driver) -> None:
        pod = await until_tested(driver)
        driver.kube.drop("pods", pod["metadata"]["name"])
        await driver.settle()

        assert "somebody deleted its pod" in driver.status("n1")["lastError"]["message"]
        assert smoke_tests(driver) == []

    scenario(story)


def test_smoke_test__no_longer_asked_for__its_class_stays_until_the_run_ended() -> None:
    async def story(driver: Driver) -> None:
        pod = await until_tested(driver)
        driver.declare("spin", verify={})
        await driver.settle()
        assert driver.get("runtimeclasses", CLASS)

        end(driver, pod)
        await driver.settle()
        assert driver.labels("n1") == READY
        assert driver.get("runtimeclasses", CLASS) == {}

    scenario(story)


class Mortal:
    """Lets an operator make so many writes, and then none of its requests come through."""

    def __init__(self, driver: Driver, writes: int) -> None:
        self._driver = driver
        self._left = writes
        self._request = driver.kube._request
        driver.kube._request = self._ask  # type: ignore[method-assign]

    def _ask(self, verb: str, plural: str, name: str) -> None:
        is_write = verb not in {"get", "list"}
        if is_write and not self._left:
            raise UnavailableError("the process is dead")
        self._request(verb, plural, name)
        self._left -= is_write

    async def replace(self) -> None:
        """Start another one in its place."""
        if not self._left:
            await self._driver.crash()
            self._driver.kube._request = self._request  # type: ignore[method-assign]
            await self._driver.start()


@pytest.mark.parametrize("writes", range(1, 16))
def test_operator__that_dies_after_any_write__begins_no_second_job_and_no_second_pod(
    writes: int,
) -> None:
    async def story(driver: Driver) -> None:
        operator = Mortal(driver, writes)
        for _ in range(6):
            for job in driver.running():
                driver.finish(job)
            for pod in smoke_tests(driver):
                if not pod.get("status"):
                    end(driver, pod)
            await driver.settle(2)
            await operator.replace()

        assert driver.labels("n1") == READY
        made = [it for it in driver.kube.requests if it[:2] == ("create", "pods")]
        assert len(made) == len(set(made)) == 1
        assert jobs_created(driver) == 1
        assert smoke_tests(driver) == []

    scenario(story)
