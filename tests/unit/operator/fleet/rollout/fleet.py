"""A fleet whose nodes serve edition 1 of a runtime, on the fake API server."""

from collections.abc import Awaitable, Callable
from typing import Any

from unit.operator.driver import Driver
from unit.operator.fake_loop import run
from wasmwright_installer.contract import ExitCode
from wasmwright_operator import names
from wasmwright_operator.kube.port import Raw

NAMES = tuple(f"n{number}" for number in range(6))
EVERYBODY = sorted(NAMES)
ASKS = "spin"

Scenario = Callable[["Fleet"], Awaitable[None]]


class Fleet(Driver):
    """Plays out rollouts of one runtime, whose editions are told apart by their snapshotter."""

    async def begin(self, **rollout: Any) -> None:
        """Bring edition 1 to all nodes."""
        self.roll_out(1, maxParallel=100)
        for name in NAMES:
            self.add_node(name, ASKS)
        await self.start()
        await self.settle()
        await self.finish_all()
        self.roll_out(1, **{"maxParallel": 100, **rollout})
        await self.settle()

    def roll_out(self, edition: int, version: str = "", **rollout: Any) -> None:
        config = {"snapshotter": f"edition-{edition}"}
        limits = {"maxUnavailable": "100%", **rollout}
        self.declare("spin", version=version, config=config, rollout=limits)

    def annotate(self, key: str, value: str) -> None:
        raw = self.get("wasmruntimes", "spin")
        raw["metadata"].setdefault("annotations", {})[key] = value
        self.kube.put("wasmruntimes", raw)

    async def end(self, exit_code: ExitCode = ExitCode.DONE, seconds: float = 4) -> list[str]:
        """Let all runs end, and return on which nodes."""
        jobs = self.running()
        for job in jobs:
            self.finish(job, exit_code)
        await self.settle(seconds)
        return sorted(node_of(job) for job in jobs)

    @property
    def at_work(self) -> list[str]:
        """The nodes on which a run is under way."""
        return sorted(node_of(job) for job in self.running())

    @property
    def editions(self) -> dict[str, int]:
        """What each node is to have now."""
        return {raw["metadata"]["name"]: edition_of(raw) for raw in self.of("wasmnodes")}

    def of_edition(self, edition: int) -> list[str]:
        return sorted(name for name, had in self.editions.items() if had == edition)

    @property
    def told(self) -> Raw:
        """The status of the runtime."""
        found: Raw = self.get("wasmruntimes", "spin")["status"]
        return found

    @property
    def rollout(self) -> Raw:
        found: Raw = self.told["rollout"]
        return found

    def condition(self, kind: str) -> tuple[str, str]:
        found = next(item for item in self.told["conditions"] if item["type"] == kind)
        return found["status"], found["reason"]

    def message(self, kind: str) -> str:
        found = next(item for item in self.told["conditions"] if item["type"] == kind)
        return str(found["message"])

    @property
    def events(self) -> list[str]:
        """The reasons of the Events, as they were told."""
        return [raw["reason"] for raw in self.of("events")]


def edition_of(wasm_node: Raw) -> int:
    entries = wasm_node["spec"].get("runtimes") or ()
    return next((int(it["handler"]["snapshotter"].rpartition("-")[2]) for it in entries), 0)


def node_of(job: Raw) -> str:
    return str(job["metadata"]["annotations"][names.JOB_NODE])


def play(scenario: Scenario) -> None:
    """Run a scenario over a fresh fleet."""

    async def whole() -> None:
        fleet = Fleet()
        await scenario(fleet)
        await fleet.crash()

    run(whole())
