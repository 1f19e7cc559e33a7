"""What halts a rollout: more failures than allowed, or no progress in time."""

import pytest

from unit.operator.fleet.rollout.fleet import Fleet, play
from wasmwright_installer.contract import ExitCode
from wasmwright_operator import names


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
