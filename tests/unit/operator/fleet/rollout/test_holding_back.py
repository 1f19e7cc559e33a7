"""Rollouts that people hold back: by a pause, or until a window opens."""

from datetime import timedelta

from unit.operator import given
from unit.operator.fleet.rollout.fleet import ASKS, EVERYBODY, Fleet, play
from wasmwright_installer.contract import ExitCode


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
