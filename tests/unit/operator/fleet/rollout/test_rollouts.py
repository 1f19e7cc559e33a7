"""Rollouts without a hitch: what is told of one, and what needs none."""

from unit.operator.fleet.rollout.fleet import Fleet, play


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
