"""New revisions of a runtime, on the real API server: who gets them, when, and who does not."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integration.operator import editions
from integration.operator.api import CLASSES, WRT, ApiRefusedError, Raw
from integration.operator.editions import ASKS, READY, begin, change, roll_out, told, wait_phase
from integration.operator.world import QUIET, World, wait
from wasmwright_operator import names

pytestmark = pytest.mark.integration

THREE = ("n1", "n2", "n3")
SIX = (*THREE, "n4", "n5", "n6")


def download(version: str) -> Raw:
    digest = version.encode().hex().ljust(64, "0")
    platform = {"arch": "amd64", "url": f"https://example.org/{version}/shim", "sha256": digest}
    return {"http": {"platforms": [platform]}}


def condition(world: World, kind: str) -> tuple[str, str]:
    found = world.condition("spin", kind)
    return found.get("status", ""), found.get("reason", "")


def test_scenario_20__digest_or_options__roll_out__and_a_version_string_does_not(
    world: World,
) -> None:
    world.declare("spin", version="1", source=download("v1"), rollout=editions.BOLD)
    for name in THREE:
        world.add_node(name, annotations=ASKS)
    world.wait_provisioned(*THREE)
    wait_phase(world, "Complete")
    first = told(world)["targetRevision"]

    change(world, version="2")
    time.sleep(QUIET)
    assert told(world)["targetRevision"] == first
    assert sorted(world.kubelets.ran) == list(THREE)

    change(world, source=download("v2"))
    wait_phase(world, "Complete")
    assert sorted(world.kubelets.ran) == sorted(THREE * 2)
    change(world, config={"options": {"LogLevel": "debug"}})
    wait_phase(world, "Complete")
    assert sorted(world.kubelets.ran) == sorted(THREE * 3)
    for name in THREE:
        (entry,) = world.wasm_node(name)["spec"]["runtimes"]
        assert entry["source"]["http"]["url"] == "https://example.org/v2/shim"
        assert entry["handler"]["options"] == {"LogLevel": "debug"}


def test_scenario_23__canary_that_fails__halts_until_another_spec_comes(world: World) -> None:
    begin(world, *THREE, canary={"count": 1, "soak": "1s"})
    stable = told(world)["stableRevision"]
    world.kubelets.default = editions.breaks(2)

    roll_out(world, 2)

    wait(lambda: condition(world, "Halted") == ("True", "CanaryFailed"))
    (failure,) = told(world)["failures"]
    canary = failure["node"]
    assert failure["reason"] == "RolledBack"
    world.wait_event("spin", "RolloutHalted")
    world.add_node("late", annotations=ASKS)
    world.wait_provisioned("late")
    untouched = [name for name in (*THREE, "late") if name != canary]
    assert editions.editions(world, canary, *untouched) == [2, 1, 1, 1]
    assert told(world)["stableRevision"] == stable
    assert all(len(world.jobs(name)) == 1 for name in untouched)

    roll_out(world, 3)

    wait_phase(world, "Complete")
    assert editions.editions(world, *THREE, "late") == [3, 3, 3, 3]
    assert condition(world, "Halted") == ("False", "NotHalted")
    assert told(world)["stableRevision"] not in {stable, ""}


def test_scenario_24__pause_in_the_middle__ends_what_runs_and_starts_nothing(world: World) -> None:
    begin(world, *THREE)
    world.kubelets.paused.set()
    roll_out(world, 2, maxParallel=1)
    wait(lambda: len(world.jobs()) == 4)

    roll_out(world, 2, paused=True)
    world.kubelets.resume()
    wait(lambda: told(world)["nodes"]["updated"] == 1)
    world.add_node("late", annotations=ASKS)
    wait(lambda: told(world)["nodes"]["pending"] == 3)
    time.sleep(QUIET)

    assert len(world.kubelets.ran) == 4
    assert told(world)["rollout"]["phase"] == "Paused"
    assert condition(world, "Progressing") == ("False", "Paused")
    assert condition(world, "Ready") == ("False", "Paused")
    roll_out(world, 2, paused=False)
    wait_phase(world, "Complete")
    assert editions.editions(world, *THREE, "late") == [2, 2, 2, 2]


def test_scenario_24__deleted_while_paused__stays_with_a_reason(world: World) -> None:
    begin(world, *THREE)
    wait(lambda: world.api.get(f"{CLASSES}/spin"))
    change(world, rollout={"paused": True})

    world.api.delete(f"{WRT}/spin")

    wait(lambda: condition(world, "DeletionBlocked") == ("True", "Paused"))
    time.sleep(QUIET)
    assert [world.labels(name)[READY] for name in THREE] == ["ready"] * 3
    assert world.api.get(f"{CLASSES}/spin")
    assert len(world.kubelets.ran) == 3
    world.api.merge(f"{WRT}/spin", {"spec": {"rollout": {"paused": False}}})
    wait(lambda: not world.runtime("spin"))
    assert not world.api.get(f"{CLASSES}/spin")
    wait(lambda: not any(world.labels(name) for name in THREE))


@pytest.mark.parametrize(("allowed", "failing"), [(1, 2), ("34%", 3)])
def test_scenario_25__more_failures_than_allowed__halt(
    world: World, allowed: int | str, failing: int
) -> None:
    begin(world, *SIX, maxFailures=allowed, maxParallel=1)
    world.kubelets.default = editions.breaks(2)

    roll_out(world, 2)

    wait(lambda: condition(world, "Halted") == ("True", "MaxFailures"))
    time.sleep(QUIET)
    assert editions.editions(world, *SIX).count(2) == failing
    assert len(told(world)["failures"]) == failing
    world.kubelets.default = editions.succeeds
    editions.annotate(world, names.RESUME, "once more")
    wait(lambda: editions.editions(world, *SIX) == [2] * 6)
    wait(lambda: condition(world, "Halted") == ("False", "NotHalted"))


def test_scenario_25__approval_by_hand__names_the_revision(world: World) -> None:
    begin(world, *THREE)
    editions.annotate(world, names.PROMOTE, told(world)["stableRevision"])

    roll_out(world, 2, canary={"count": 1, "soak": "0", "approval": "Manual"})
    wait_phase(world, "AwaitingApproval")
    time.sleep(QUIET)

    assert sorted(editions.editions(world, *THREE)) == [1, 1, 2], "it was given for another one"
    asked = world.condition("spin", "Progressing")
    assert asked["reason"] == "AwaitingApproval"
    assert told(world)["targetRevision"] in asked["message"]
    editions.annotate(world, names.PROMOTE, told(world)["targetRevision"])
    wait_phase(world, "Complete")
    assert editions.editions(world, *THREE) == [2, 2, 2]


def test_scenario_25__window__holds_back_those_that_serve_until_it_opens(world: World) -> None:
    begin(world, *THREE)

    roll_out(world, 2, window=window(opens_in=120))
    world.add_node("late", annotations=ASKS)
    world.wait_provisioned("late")
    wait_phase(world, "WaitingForWindow")
    time.sleep(QUIET)

    assert editions.editions(world, *THREE, "late") == [1, 1, 1, 2]
    assert condition(world, "Progressing") == ("False", "WaitingForWindow")
    roll_out(world, 2, window=window(opens_in=-60))
    wait_phase(world, "Complete")
    assert editions.editions(world, *THREE) == [2, 2, 2]


def test_scenario_25__window_that_cannot_be__is_refused(world: World) -> None:
    begin(world, *THREE)
    with pytest.raises(ApiRefusedError, match=r"spec\.rollout\.window\.start"):
        roll_out(world, 2, window={"start": "25:00", "end": "26:00"})

    roll_out(world, 2, window={"start": "10:00", "end": "11:00", "timeZone": "Mars/Olympus"})

    wait(lambda: condition(world, "Accepted") == ("False", "InvalidWindow"))
    time.sleep(QUIET)
    assert editions.editions(world, *THREE) == [1, 1, 1]
    assert [world.labels(name)[READY] for name in THREE] == ["ready"] * 3


def test_scenario_30__another_installer_image__touches_no_node_that_is_done(world: World) -> None:
    begin(world, *THREE)
    time.sleep(2 * QUIET)
    before, lines = world.versions(), len(world.operator.lines)
    world.operator.stop()
    world.operator.environ["WASMWRIGHT_INSTALLER_IMAGE"] = "wasmwright/installer:next"

    world.operator.start()
    time.sleep(2 * QUIET)

    assert world.operator.writes(lines) == []
    assert world.versions() == before
    world.add_node("late", annotations=ASKS)
    world.wait_provisioned("late")
    assert {image(job) for job in world.jobs("late")} == {"wasmwright/installer:next"}
    assert {image(job) for job in world.jobs("n1")} == {"wasmwright/installer:test"}


def window(*, opens_in: int) -> dict[str, Any]:
    """Return a window of 90 minutes that opens in some minutes, or did some minutes ago."""
    start = datetime.now(UTC) + timedelta(minutes=opens_in)
    end = start + timedelta(minutes=90)
    return {"start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}


def image(job: Raw) -> str:
    (container,) = job["spec"]["template"]["spec"]["containers"]
    return str(container["image"])
