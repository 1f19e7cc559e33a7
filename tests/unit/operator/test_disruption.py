"""The whole operator with pods in the way of a run, and a process that dies at its writes."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from unit.operator.driver import Driver
from unit.operator.fake_kube import FakeKube
from unit.operator.fake_loop import run
from wasmwright_installer.contract import ExitCode
from wasmwright_operator import names
from wasmwright_operator.conditions import parse_time
from wasmwright_operator.kube.errors import UnavailableError
from wasmwright_operator.kube.port import Raw

SPIN = names.runtime_label("spin")
DRAIN = {"disruption": {"mode": "Drain"}}
GRACE = 5
"""Seconds that a pod takes to end."""


class MortalKube(FakeKube):
    """Goes dumb at the n-th write, before it is made or before it is answered."""

    def __init__(self, fatal: int = 0, *, is_made: bool = False) -> None:
        super().__init__()
        self.fatal = fatal
        self.is_made = is_made
        self.writes = 0
        self.is_dumb = False
        self.at_start: list[tuple[bool, list[str]]] = []
        """At each Job: whether its node was cordoned, and which pods were still on it."""

    async def write(self, made: Callable[[], Awaitable[Any]]) -> Any:
        self.writes += not self.is_dumb
        is_last = self.writes == self.fatal and not self.is_dumb
        self.is_dumb = self.is_dumb or is_last
        if self.is_dumb and not (is_last and self.is_made):
            raise UnavailableError("dead")
        answer = await made()
        if is_last:
            raise UnavailableError("dead")
        return answer

    async def create(self, *args: Any) -> Raw:
        if args[0].plural == "jobs" and not self.is_dumb:
            node = self.objects["nodes", "n1"]
            pods = [raw["metadata"]["name"] for raw in await self.pods_on("n1")]
            self.at_start.append((bool(node["spec"].get("unschedulable")), pods))
        found: Raw = await self.write(lambda: FakeKube.create(self, *args))
        return found

    async def merge(self, *args: Any, **more: Any) -> Raw:
        found: Raw = await self.write(lambda: FakeKube.merge(self, *args, **more))
        return found

    async def patch(self, *args: Any) -> Raw:
        found: Raw = await self.write(lambda: FakeKube.patch(self, *args))
        return found

    async def patch_metadata(self, *args: Any) -> Raw:
        found: Raw = await self.write(lambda: FakeKube.patch_metadata(self, *args))
        return found

    async def evict(self, *args: Any, **more: Any) -> None:
        await self.write(lambda: FakeKube.evict(self, *args, **more))

    async def delete(self, *args: Any, **more: Any) -> None:
        await self.write(lambda: FakeKube.delete(self, *args, **more))


class Site:
    """One node with pods of a shop, and kubelets that end and run pods."""

    def __init__(self, kube: MortalKube | None = None) -> None:
        self.driver = Driver()
        self.kube = kube or MortalKube()
        self.kube.clock = self.driver.now
        self.driver.kube = self.kube
        self.driver.add_node("n1", "spin")

    @property
    def node(self) -> Raw:
        return self.driver.get("nodes", "n1")

    @property
    def is_cordoned(self) -> bool:
        return bool(self.node["spec"].get("unschedulable"))

    @property
    def mark(self) -> str | None:
        found: str | None = self.node["metadata"]["annotations"].get(names.CORDONED)
        return found

    @property
    def reason(self) -> tuple[str, str]:
        conditions = self.driver.status("n1").get("conditions", [])
        ready = next((it for it in conditions if it["type"] == "Ready"), {})
        return ready.get("reason", ""), ready.get("message", "")

    def cordon(self, *, is_on: bool) -> None:
        """As an administrator does."""
        raw = self.node
        raw["spec"] = {"unschedulable": True} if is_on else {}
        self.kube.put("nodes", raw)

    def add_pod(self, name: str, **labels: str) -> None:
        owner = {"kind": "ReplicaSet", "name": "web", "controller": True, "uid": "r"}
        metadata = {
            "name": name,
            "namespace": "shop",
            "labels": labels,
            "ownerReferences": [owner],
        }
        status = {"phase": "Running"}
        self.kube.put("pods", {"metadata": metadata, "spec": {"nodeName": "n1"}, "status": status})

    def pods(self) -> set[str]:
        return {raw["metadata"]["name"] for raw in self.driver.of("pods") if "spec" in raw}

    async def pass_time(self, seconds: int) -> None:
        for _ in range(seconds):
            await self.driver.settle(1)
            for raw in self.driver.of("pods"):
                ended = parse_time(raw["metadata"].get("deletionTimestamp", ""))
                if ended is not None and (self.driver.now() - ended).total_seconds() >= GRACE:
                    self.kube.drop("pods", raw["metadata"]["name"])

    async def revive(self) -> None:
        await self.driver.crash()
        self.kube.is_dumb = False
        await self.driver.start()

    async def live(self, seconds: int = 60) -> None:
        """Let time pass; Jobs succeed after some seconds, and a dead process is started anew."""
        for second in range(seconds):
            await self.pass_time(1)
            if self.kube.is_dumb:
                await self.revive()
            if second % 4 == 3:
                self.finish()

    def finish(self, exit_code: ExitCode = ExitCode.DONE, **told: Any) -> None:
        for job in self.driver.running():
            self.driver.finish(job, exit_code, **told)


async def drained(site: Site) -> None:
    site.driver.declare("spin", rollout=DRAIN)
    site.add_pod("web-1")
    site.add_pod("web-2")
    await site.driver.start()
    await site.live()


FATAL = [(number, made) for number in range(1, 21) for made in (False, True)]


def test_fatal_writes__are_all_that_a_drain_takes() -> None:
    async def scenario() -> None:
        site = Site()
        await drained(site)
        await site.driver.crash()
        last, _made = FATAL[-1]
        assert site.kube.writes <= last, site.kube.written()

    run(scenario())


@pytest.mark.parametrize(("fatal", "is_made"), FATAL)
def test_drain__with_a_death_at_any_write__runs_once_on_an_empty_node_and_gives_it_back(
    fatal: int, *, is_made: bool
) -> None:
    async def scenario() -> None:
        site = Site(MortalKube(fatal, is_made=is_made))
        await drained(site)

        assert set(map(str, site.kube.at_start)) == {str((True, []))}
        assert len(site.driver.of("jobs")) == 1
        assert (site.is_cordoned, site.mark) == (False, None)
        assert site.driver.labels("n1")[SPIN] == "ready"
        assert site.driver.status("n1")["state"] == "Ready"
        assert (
            "drainingSince" not in site.driver.status("n1")
            or not (site.driver.status("n1")["drainingSince"])
        )
        await site.driver.crash()

    run(scenario())


@pytest.mark.parametrize("fatal", range(1, 15))
def test_drain__of_a_node_that_an_administrator_cordoned__leaves_the_cordon(fatal: int) -> None:
    async def scenario() -> None:
        site = Site(MortalKube(fatal, is_made=True))
        site.cordon(is_on=True)
        await drained(site)

        assert site.driver.labels("n1")[SPIN] == "ready"
        assert (site.is_cordoned, site.mark) == (True, None)
        await site.driver.crash()

    run(scenario())


@pytest.mark.parametrize("exit_code", [ExitCode.ROLLED_BACK, ExitCode.UNSUPPORTED])
def test_failed_run__gives_the_node_back(exit_code: ExitCode) -> None:
    async def scenario() -> None:
        site = Site()
        site.driver.declare("spin", rollout={"disruption": {"mode": "Cordon"}})
        await site.driver.start()
        await site.pass_time(2)
        assert site.mark is not None
        assert site.is_cordoned

        site.finish(exit_code)
        await site.pass_time(2)

        assert (site.is_cordoned, site.mark) == (False, None)
        await site.driver.crash()

    run(scenario())


@pytest.mark.parametrize("end", ["runtime-deleted", "wish-withdrawn"])
def test_cordoned_node__whose_runtime_is_not_wanted_any_more__is_given_back(end: str) -> None:
    async def scenario() -> None:
        site = Site()
        site.driver.declare("spin", rollout=DRAIN)
        site.add_pod("web-1")
        site.kube.budgets["web-1"] = "needed"
        await site.driver.start()
        await site.pass_time(4)
        assert site.is_cordoned

        if end == "runtime-deleted":
            site.kube.drop("wasmruntimes", "spin")
        else:
            raw = site.node
            del raw["metadata"]["annotations"][names.RUNTIMES]
            site.kube.put("nodes", raw)
        site.kube.budgets.clear()
        await site.live(90)

        assert (site.is_cordoned, site.mark) == (False, None)
        assert site.driver.get("wasmnodes", "n1").get("spec", {}).get("runtimes", []) == []
        assert site.driver.labels("n1") == {}
        await site.driver.crash()

    run(scenario())


def test_drain__that_a_budget_forbids__says_so__fails_in_time__and_is_tried_again() -> None:
    async def scenario() -> None:
        site = Site()
        drain = {"mode": "Drain", "drain": {"timeout": "1m"}}
        site.driver.declare("spin", rollout={"disruption": drain})
        site.add_pod("web-1")
        site.kube.budgets["web-1"] = "budget guard needs it"
        await site.driver.start()

        await site.pass_time(10)
        assert site.reason[0] == "Draining"
        assert "shop/web-1 (budget guard needs it)" in site.reason[1]
        writes = len(site.kube.written())
        await site.pass_time(40)
        asked = [request for request in site.kube.written()[writes:] if request[0] != "evict"]
        assert asked == [], "nothing is told twice"

        await site.pass_time(15)
        assert site.reason[0] == "DrainFailed"
        assert "shop/web-1 (budget guard needs it)" in site.reason[1]
        assert (site.is_cordoned, site.mark) == (False, None)
        assert site.pods() == {"web-1"}
        assert site.driver.of("jobs") == []

        site.kube.budgets.clear()
        await site.live(60)
        assert site.driver.labels("n1")[SPIN] == "ready"
        assert (site.is_cordoned, site.mark) == (False, None)
        await site.driver.crash()

    run(scenario())


def test_blocking_pod__holds_the_run_up_until_it_has_ended() -> None:
    async def scenario() -> None:
        site = Site()
        blockers = [{"matchLabels": {"app": "database"}}]
        site.driver.declare("spin", rollout={"blockingPods": blockers})
        site.add_pod("db-0", app="database")
        await site.driver.start()

        await site.live(20)
        assert site.reason[0] == "BlockingPods"
        assert site.driver.status("n1")["blockingPods"] == ["shop/db-0"]
        assert site.driver.status("n1")["state"] == "Blocked"
        assert site.driver.of("jobs") == []

        site.kube.drop("pods", "db-0")
        await site.live(40)
        assert site.driver.labels("n1")[SPIN] == "ready"
        await site.driver.crash()

    run(scenario())


def test_evict__sends_wasm_pods_away_and_no_other__while_no_new_ones_come() -> None:
    async def scenario() -> None:
        site = Site()
        evict = {"disruption": {"wasmPods": "Evict"}}
        site.driver.declare("spin", rollout=evict)
        await site.driver.start()
        await site.live(10)
        assert site.driver.labels("n1")[SPIN] == "ready"
        site.add_pod("wasm-1")
        site.add_pod("web-1")
        site.kube.budgets["wasm-1"] = "budget guard needs it"

        site.driver.declare("spin", rollout=evict, config={"snapshotter": "other"})
        await site.pass_time(2)
        told = {"blocking_pods": ("shop/wasm-1",), "reason": "RestartWouldOrphanPods"}
        site.finish(ExitCode.IN_USE, **told)
        await site.pass_time(2)
        assert site.reason[0] == "RestartWouldOrphanPods"
        assert site.driver.labels("n1")[SPIN] == "ready", "it waits, and serves"

        await site.pass_time(10)
        assert site.driver.labels("n1")[SPIN] == "pending"
        assert site.reason[0] == "Draining"
        assert "shop/wasm-1 (budget guard needs it)" in site.reason[1]
        assert not site.driver.running()

        site.kube.budgets.clear()
        await site.live(30)
        assert site.pods() == {"web-1"}
        assert site.driver.labels("n1")[SPIN] == "ready"
        assert site.driver.status("n1").get("blockingPods", []) == []
        assert not site.is_cordoned
        await site.driver.crash()

    run(scenario())


@pytest.mark.parametrize("moment", [0, 1, 3, 5, 7, 9, 11])
def test_second_leader__with_an_old_cache__leaves_no_cordon_and_no_second_job(moment: int) -> None:
    async def scenario() -> None:
        site = Site()
        site.driver.declare("spin", rollout=DRAIN)
        site.add_pod("web-1")
        await site.driver.start()
        await site.pass_time(moment)

        second = Driver()
        second.kube, second.now = site.kube, site.driver.now  # type: ignore[method-assign]
        told = site.kube.on_event
        await second.start()
        site.kube.on_event = told  # no event reaches the second one
        await site.live(20)
        second._task.cancel()
        await site.live(30)

        assert {is_cordoned for is_cordoned, _pods in site.kube.at_start} == {True}
        assert len(site.driver.of("jobs")) == 1
        assert (site.is_cordoned, site.mark) == (False, None)
        assert site.driver.labels("n1")[SPIN] == "ready"
        await site.driver.crash()

    run(scenario())
