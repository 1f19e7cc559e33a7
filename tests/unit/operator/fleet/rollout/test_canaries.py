"""Nodes that go first: which they are, how long they are watched, and what their failure means."""

from typing import Any

from unit.operator.fleet.rollout.fleet import ASKS, EVERYBODY, NAMES, Fleet, play
from wasmwright_installer.contract import ExitCode
from wasmwright_operator import names

CANARY: dict[str, Any] = {"canary": {"count": 1, "soak": "60s"}, "maxParallel": 100}


def test_canary__is_good__is_watched_and_then_followed_by_the_others() -> None:
    async def scenario(fleet: Fleet) -> None:
        await fleet.begin(**CANARY)
        fleet.roll_out(2, **CANARY)
        await fleet.settle()

        (canary,) = fleet.at_work
        assert fleet.rollout["phase"] == "Canary"
        await fleet.end()
        assert fleet.rollout["phase"] == "Soaking"
        assert fleet.told["summary"] == "6/6 ready, 1/6 updated"
        assert fleet.condition("Progressing") == ("True", "Soaking")
        assert canary in fleet.message("Progressing")

        await fleet.settle(50)
        assert fleet.at_work == []
        await fleet.settle(10)
        assert fleet.at_work == [name for name in EVERYBODY if name != canary]
        await fleet.end()
        assert fleet.rollout["phase"] == "Complete"
        assert fleet.told["stableRevision"] == fleet.told["targetRevision"]
        assert fleet.events[-3:] == ["RolloutStarted", "CanaryPassed", "RolloutComplete"]

    play(scenario)


def test_canary__that_ceases_to_be_good__is_watched_anew() -> None:
    async def scenario(fleet: Fleet) -> None:
        await fleet.begin(**CANARY)
        fleet.roll_out(2, **CANARY)
        await fleet.settle()
        (canary,) = await fleet.end()
        raw = fleet.kube.objects["nodes", canary]
        raw["metadata"]["annotations"][names.REINSTALL] = "again"
        fleet.kube.put("nodes", raw)
        await fleet.settle(50)

        assert fleet.rollout["canaryReadySince"] == ""
        await fleet.end()
        await fleet.settle(50)
        assert fleet.at_work == []
        await fleet.settle(15)
        assert len(fleet.at_work) == 5

    play(scenario)


def test_canary__by_selector__are_those_nodes() -> None:
    async def scenario(fleet: Fleet) -> None:
        await fleet.begin()
        canary = {"selector": {"matchLabels": {"tier": "canary"}}, "soak": "0"}
        fleet.roll_out(2, canary=canary, maxParallel=100)
        await fleet.settle()

        assert fleet.at_work == []
        assert fleet.condition("Progressing") == ("False", "NoCanary")
        for name in ("n2", "n4"):
            raw = fleet.kube.objects["nodes", name]
            raw["metadata"]["labels"]["tier"] = "canary"
            fleet.kube.put("nodes", raw)
        await fleet.settle()
        assert fleet.at_work == ["n2", "n4"]
        await fleet.end()
        await fleet.settle()
        assert len(fleet.at_work) == 4

    play(scenario)


def test_canary__with_manual_approval__waits_for_the_name_of_the_revision() -> None:
    async def scenario(fleet: Fleet) -> None:
        manual = {"canary": {"soak": "0", "approval": "Manual"}, "maxParallel": 100}
        await fleet.begin(**manual)
        fleet.annotate(names.PROMOTE, fleet.told["targetRevision"])
        fleet.roll_out(2, **manual)
        await fleet.settle()
        await fleet.end()
        await fleet.settle(3600)

        assert fleet.rollout["phase"] == "AwaitingApproval"
        assert fleet.condition("Progressing") == ("False", "AwaitingApproval")
        assert fleet.told["targetRevision"] in fleet.message("Progressing")
        fleet.annotate(names.PROMOTE, fleet.told["targetRevision"])
        await fleet.settle()
        assert len(fleet.at_work) == 5

    play(scenario)


def test_canary__fails__halts_and_newcomers_get_the_stable_revision() -> None:
    async def scenario(fleet: Fleet) -> None:
        await fleet.begin(**CANARY)
        fleet.roll_out(2, **CANARY)
        await fleet.settle()
        (canary,) = await fleet.end(ExitCode.ROLLED_BACK)

        assert fleet.condition("Halted") == ("True", "CanaryFailed")
        assert canary in fleet.message("Halted")
        assert fleet.condition("Ready") == ("False", "Halted"), "it does not go on by itself"
        assert names.RESUME in fleet.message("Halted")
        assert fleet.rollout["phase"] == "Halted"
        assert "RolloutHalted" in fleet.events
        fleet.add_node("late", ASKS)
        await fleet.settle()
        assert "late" in fleet.at_work
        assert fleet.of_edition(2) == [canary]
        for _ in range(3):
            await fleet.settle(30)
            await fleet.finish_all()
        assert fleet.told["summary"] == "7/7 ready, 1/7 updated"
        assert fleet.condition("Halted") == ("True", "CanaryFailed"), "though a retry went well"

        fleet.roll_out(3, **CANARY)
        await fleet.settle()
        assert fleet.condition("Halted") == ("False", "NotHalted")
        assert len(fleet.at_work) == 1
        await fleet.end()
        await fleet.settle(60)
        await fleet.finish_all()
        assert fleet.of_edition(3) == sorted([*NAMES, "late"])

    play(scenario)


def test_canary__fails_with_automatic_roll_back__gets_the_stable_revision() -> None:
    async def scenario(fleet: Fleet) -> None:
        careful = {**CANARY, "autoRollback": True}
        await fleet.begin(**careful)
        fleet.roll_out(2, **careful)
        await fleet.settle()
        await fleet.end(ExitCode.ROLLED_BACK)
        await fleet.finish_all()

        assert fleet.of_edition(1) == EVERYBODY
        assert fleet.condition("Halted") == ("True", "CanaryFailed")
        await fleet.settle(3600)
        assert fleet.at_work == []

    play(scenario)


def test_going_back__to_the_stable_revision__needs_no_canary() -> None:
    async def scenario(fleet: Fleet) -> None:
        await fleet.begin(**CANARY)
        stable = fleet.told["stableRevision"]
        fleet.roll_out(2, **CANARY)
        await fleet.settle()
        (canary,) = await fleet.end(ExitCode.ROLLED_BACK)

        fleet.roll_out(1, **CANARY)
        await fleet.settle()

        assert fleet.at_work == [canary]
        await fleet.end()
        assert fleet.told["targetRevision"] == stable
        assert fleet.rollout["phase"] == "Complete"
        numbers = {it["metadata"]["name"]: it["revision"] for it in fleet.of("controllerrevisions")}
        assert numbers.pop(stable) > max(numbers.values())

    play(scenario)


def test_first_rollout__canary_fails__newcomers_wait_with_a_reason() -> None:
    async def scenario(fleet: Fleet) -> None:
        fleet.roll_out(1, **CANARY)
        for name in NAMES:
            fleet.add_node(name, ASKS)
        await fleet.start()
        await fleet.settle()
        assert len(fleet.at_work) == 1
        assert fleet.told["nodes"]["pending"] == 5
        await fleet.end(ExitCode.ARTIFACT)
        assert fleet.told["nodes"]["pending"] == 5
        assert fleet.condition("Progressing") == ("False", "CanaryFailed")

        fleet.annotate(names.RESUME, "yes")
        await fleet.settle()
        assert fleet.condition("Halted") == ("False", "NotHalted")
        assert fleet.condition("Progressing") == ("True", "AwaitingCanary")
        for _ in range(6):
            await fleet.settle(30)
            await fleet.finish_all()
        assert fleet.rollout["phase"] == "Complete"

    play(scenario)
