"""Rollouts as people see them: canaries, halts, pauses, windows and ways back."""

from datetime import timedelta
from typing import Any

import pytest

from unit.operator import given
from unit.operator.fleet.rollout.fleet import ASKS, NAMES, Fleet, play
from wasmwright_installer.contract import ExitCode
from wasmwright_operator import names

CANARY: dict[str, Any] = {"canary": {"count": 1, "soak": "60s"}, "maxParallel": 100}
EVERYBODY = sorted(NAMES)


def test_first_rollout__is_told_and_becomes_stable() -> None:
    async def scenario(fleet: Fleet) -> None:
        await fleet.begin()

        assert fleet.rollout["phase"] == "Complete"
        assert fleet.told["stableRevision"] == fleet.told["targetRevision"]
        assert fleet.told["targetRevision"].startswith("spin-")
        assert fleet.told["summary"] == "6/6 ready"
        assert fleet.condition("Halted") == ("False", "NotHalted")
        assert [it for it in fleet.events if it.startswith("Rollout")] == [
            "RolloutStarted",
            "RolloutComplete",
        ]

    play(scenario)


def test_version_alone__touches_no_node_and_makes_no_revision() -> None:
    async def scenario(fleet: Fleet) -> None:
        await fleet.begin()
        before = fleet.told["targetRevision"]

        fleet.roll_out(1, version="2.0", maxParallel=100)
        await fleet.settle()

        assert fleet.at_work == []
        assert fleet.told["targetRevision"] == before
        assert len(fleet.of("controllerrevisions")) == 1

    play(scenario)


def test_restart_with_another_installer__touches_no_node() -> None:
    async def scenario(fleet: Fleet) -> None:
        await fleet.begin()
        before = len(fleet.kube.written())

        await fleet.crash()
        await fleet.start()
        await fleet.settle(60)

        assert fleet.kube.written()[before:] == []

    play(scenario)


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


@pytest.mark.parametrize(
    ("allowed", "failures", "is_halted"),
    [(0, 1, True), (1, 1, False), (1, 2, True), (3, 3, False), ("34%", 2, False), ("34%", 3, True)],
)
def test_failures__more_than_allowed__halt(
    allowed: int | str, failures: int, *, is_halted: bool
) -> None:
    async def scenario(fleet: Fleet) -> None:
        rules = {"maxFailures": allowed, "maxParallel": 4}
        await fleet.begin()
        fleet.roll_out(2, **rules)
        await fleet.settle()
        begun = fleet.at_work
        for job in fleet.running()[:failures]:
            fleet.finish(job, ExitCode.ROLLED_BACK)
        await fleet.settle()

        assert fleet.condition("Halted")[0] == str(is_halted)
        assert (set(fleet.of_edition(2)) > set(begun)) is not is_halted
        if is_halted:
            assert fleet.condition("Halted") == ("True", "MaxFailures")
            assert fleet.condition("Progressing")[0] == "True", "what runs is finished"

    play(scenario)


@pytest.mark.parametrize(
    "code",
    [
        ExitCode.UNSUPPORTED,
        ExitCode.CONFLICT,
        ExitCode.IN_USE,
        ExitCode.LOCKED,
        ExitCode.WRONG_NODE,
    ],
)
def test_failures__that_speak_of_the_node__do_not_halt(code: ExitCode) -> None:
    async def scenario(fleet: Fleet) -> None:
        await fleet.begin()
        fleet.roll_out(2, maxFailures=0, maxParallel=2)
        await fleet.settle()
        await fleet.end(code)

        assert fleet.condition("Halted") == ("False", "NotHalted")
        assert len(fleet.of_edition(2)) > 2

    play(scenario)


def test_failures__from_before_the_rollout__do_not_count() -> None:
    async def scenario(fleet: Fleet) -> None:
        await fleet.begin()
        fleet.roll_out(2, maxFailures=3, maxParallel=2)
        await fleet.settle()
        sick = await fleet.end(ExitCode.ROLLED_BACK, seconds=1)
        await fleet.settle(2)
        fleet.roll_out(3, maxFailures=0, maxParallel=100)
        await fleet.settle(2)
        for job in fleet.running():
            name = job["metadata"]["annotations"][names.JOB_NODE]
            fleet.finish(job, ExitCode.ROLLED_BACK if name in sick else ExitCode.DONE)
        await fleet.settle()

        assert fleet.condition("Halted") == ("False", "NotHalted")

    play(scenario)


def test_halt__resumed_by_hand__goes_on_until_new_failures() -> None:
    async def scenario(fleet: Fleet) -> None:
        rules = {"maxFailures": 0, "maxParallel": 1}
        await fleet.begin()
        fleet.roll_out(2, **rules)
        await fleet.settle()
        await fleet.end(ExitCode.ROLLED_BACK)
        assert fleet.condition("Halted") == ("True", "MaxFailures")

        fleet.annotate(names.RESUME, "1")
        await fleet.settle()
        assert fleet.condition("Halted") == ("False", "NotHalted")
        assert "Resumed" in fleet.events
        second = await fleet.end(ExitCode.ROLLED_BACK)
        assert fleet.condition("Halted") == ("True", "MaxFailures")
        assert len(second) == 1
        await fleet.settle(60)
        assert fleet.condition("Halted") == ("True", "MaxFailures"), "the token has been obeyed"

    play(scenario)


def test_pause__finishes_what_runs_and_starts_nothing() -> None:
    async def scenario(fleet: Fleet) -> None:
        await fleet.begin()
        fleet.roll_out(2, maxParallel=2)
        await fleet.settle()
        begun = fleet.at_work
        fleet.roll_out(2, maxParallel=2, paused=True)
        await fleet.end()
        fleet.add_node("late", ASKS)
        await fleet.settle(3600)

        assert fleet.at_work == []
        assert fleet.of_edition(2) == begun
        assert fleet.rollout["phase"] == "Paused"
        assert fleet.condition("Progressing") == ("False", "Paused")
        fleet.roll_out(2, maxParallel=100)
        await fleet.settle()
        assert len(fleet.at_work) == 5
        assert "Resumed" in fleet.events
        assert fleet.condition("Halted") == ("False", "NotHalted"), "the clock stood still"

    play(scenario)


def test_pause__of_a_failing_node__is_not_tried_again() -> None:
    async def scenario(fleet: Fleet) -> None:
        await fleet.begin()
        fleet.roll_out(2, maxParallel=1, maxFailures=5)
        await fleet.settle()
        fleet.roll_out(2, maxParallel=1, maxFailures=5, paused=True)
        await fleet.end(ExitCode.ROLLED_BACK)
        await fleet.settle(3600)

        assert fleet.at_work == []

    play(scenario)


def test_window__holds_back_nodes_that_serve_and_nobody_else() -> None:
    async def scenario(fleet: Fleet) -> None:
        opens = given.NOW + timedelta(hours=2)
        window = {"start": f"{opens:%H:%M}", "end": "23:00"}
        await fleet.begin(window=window)
        fleet.roll_out(2, maxParallel=100, window=window)
        fleet.add_node("late", ASKS)
        await fleet.settle()

        assert fleet.at_work == ["late"]
        await fleet.end()
        assert fleet.of_edition(2) == ["late"]
        assert fleet.rollout["phase"] == "WaitingForWindow"
        assert fleet.condition("Progressing") == ("False", "WaitingForWindow")
        assert "2026-05-04T14:00:00Z" in fleet.message("Progressing")
        await fleet.settle(2 * 3600)
        assert fleet.at_work == EVERYBODY

    play(scenario)


def test_window__of_a_zone_that_does_not_exist__is_refused_and_changes_nothing() -> None:
    async def scenario(fleet: Fleet) -> None:
        window = {"start": "10:00", "end": "11:00", "timeZone": "Mars/Olympus"}
        await fleet.begin()
        fleet.roll_out(2, window=window)
        await fleet.settle()

        assert fleet.condition("Accepted") == ("False", "InvalidWindow")
        assert "Europe/Paris" in fleet.message("Accepted")
        assert fleet.of_edition(1) == EVERYBODY

    play(scenario)


def test_progress__not_in_time__halts() -> None:
    async def scenario(fleet: Fleet) -> None:
        await fleet.begin()
        fleet.roll_out(2, maxParallel=1, progressDeadlineSeconds=40)
        await fleet.settle(30)
        assert fleet.condition("Halted") == ("False", "NotHalted")
        (first,) = await fleet.end()
        await fleet.settle(30)
        assert fleet.condition("Halted") == ("False", "NotHalted"), "a node came forward"
        await fleet.settle(20)

        assert fleet.condition("Halted") == ("True", "ProgressDeadlineExceeded")
        (stuck,) = fleet.at_work
        await fleet.end()
        await fleet.settle(60)
        assert fleet.of_edition(2) == sorted([first, stuck])

    play(scenario)


def test_progress__without_a_deadline__is_waited_for() -> None:
    async def scenario(fleet: Fleet) -> None:
        await fleet.begin()
        fleet.roll_out(2, maxParallel=1, progressDeadlineSeconds=0)
        await fleet.settle(100)

        assert fleet.condition("Halted") == ("False", "NotHalted")

    play(scenario)
