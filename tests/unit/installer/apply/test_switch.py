"""The dead man's switch: armed before the first write, taken away after the proof, told of after.

Its script is the one that the run left, run by a real shell on the played host.
"""

import contextlib
from pathlib import Path

import pytest

from support.played_switch import Programs
from unit.installer.apply.test_crash import NODES, NOTHING, ONE, crash_at, prepared, run
from unit.installer.documents import artifacts, document, shim
from unit.installer.fake_host.containerd import MAIN
from unit.installer.fake_host.containerd_node import MAIN_V2, copy_of, make_node
from unit.installer.fake_host.files import Crash
from unit.installer.fake_host.node import FakeNode
from unit.installer.fired import fire
from wasmwright_installer.apply import switch
from wasmwright_installer.apply.host import Limits
from wasmwright_installer.apply.run import apply
from wasmwright_installer.errors import RefusedError, RolledBackError
from wasmwright_installer.host.commands import Completed


@pytest.fixture
def node(tmp_path: Path) -> FakeNode:
    return make_node(tmp_path / "host", "1.7.24", MAIN_V2)


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    return Programs(tmp_path / "programs")


@pytest.fixture(autouse=True)
def _no_waiting_for_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)


def _in_order(node: FakeNode, *wanted: str) -> list[str]:
    return [word for line in node.commands.log for word in wanted if line.startswith(word)]


def test_apply__with_a_restart__is_armed_before_and_disarmed_after_it(node: FakeNode) -> None:
    run(node, ONE)
    assert _in_order(node, "systemd-run", "systemctl restart", "systemctl stop") == [
        *("systemd-run", "systemctl restart", "systemctl stop")
    ]
    assert not node.commands.is_armed
    assert [name for name in node.files.names("/opt/wasmwright/state") if "switch" in name] == []


def test_apply__without_a_restart__needs_no_switch(node: FakeNode) -> None:
    run(node, document(shim("light"), declared=(shim("late").handler,)))
    node.commands.log.clear()
    run(node, document(shim("light"), shim("late"), declared=(shim("late").handler,)))
    assert _in_order(node, "systemd-run", "systemctl") == []


def test_arm__timer__counts_from_the_limits_on_the_monotonic_clock(node: FakeNode) -> None:
    node.limits = Limits(lock=0.2, restart=8, settle=3)
    run(node, ONE)
    (armed,) = [line for line in node.commands.log if line.startswith("systemd-run")]
    assert "--on-active=15s" in armed.split()
    assert "--on-calendar" not in armed


def test_arm__impossible__nothing_was_written(node: FakeNode) -> None:
    before = node.tree()
    node.commands.answers["systemd-run"] = Completed(1, stderr="Failed to connect to bus\n")
    with pytest.raises(RefusedError, match="Failed to connect to bus") as caught:
        run(node, ONE)
    assert caught.value.reason == "SwitchNotArmed"
    assert node.tree() == before
    assert node.daemon.restarts == 0


def test_arm__one_of_an_earlier_run_is_there__is_replaced(node: FakeNode) -> None:
    node.commands.is_armed = True
    run(node, ONE)
    assert node.daemon.restarts == 1
    assert not node.commands.is_armed


def _died_before_the_proof(node: FakeNode) -> None:
    """Leave a node whose daemon does not come up with ours, and whose run is gone."""
    node.daemon.refuses = "light"
    restart = node.daemon.restart

    def die() -> Completed:
        restart()
        raise Crash

    node.daemon.restart = die  # type: ignore[method-assign]  # the run dies with the restart
    with pytest.raises(Crash):
        run(node, ONE)
    node.daemon.restart = restart  # type: ignore[method-assign]
    assert node.commands.is_armed
    assert not node.daemon.is_up


def test_switch__run_died_with_the_daemon_down__brings_it_back_and_the_next_run_tells(
    node: FakeNode, programs: Programs
) -> None:
    loaded = dict(node.daemon.loaded)
    _died_before_the_proof(node)
    fire(node, programs)
    assert node.daemon.loaded == loaded
    assert node.read(MAIN) == MAIN_V2
    restarts = node.daemon.restarts
    with pytest.raises(RolledBackError, match="the dead man's switch") as caught:
        run(node, ONE)
    assert (caught.value.reason, node.daemon.restarts) == ("SwitchFired", restarts)
    with pytest.raises(RefusedError, match="dead man's switch") as held:
        run(node, ONE)
    assert held.value.reason == "FailedBefore"
    node.daemon.refuses = ""
    folder = artifacts(node.root / "art", *ONE.runtimes)
    assert apply(node.host, ONE, folder, retry=True).restarted


def test_switch__fired_and_the_daemon_is_still_down__the_next_run_restarts_it(
    node: FakeNode, programs: Programs
) -> None:
    _died_before_the_proof(node)
    node.daemon.refuses = "runc"
    fire(node, programs)
    assert not node.daemon.is_up
    node.daemon.refuses = ""
    with pytest.raises(RolledBackError) as caught:
        run(node, NOTHING)
    assert caught.value.reason == "SwitchFired"
    assert node.daemon.is_up


def test_switch__next_run_comes_first__takes_over_and_disarms(node: FakeNode) -> None:
    _died_before_the_proof(node)
    with pytest.raises(RolledBackError, match="a run was ended"):
        run(node, NOTHING)
    assert node.daemon.is_up
    assert not node.commands.is_armed


def test_switch__reboot_took_the_timer__the_next_run_goes_back_alone(node: FakeNode) -> None:
    _died_before_the_proof(node)
    node.commands.is_armed = False
    node.commands.answers["systemd-run"] = Completed(1, stderr="no")
    with pytest.raises(RolledBackError, match="a run was ended"):
        run(node, NOTHING)
    assert node.daemon.is_up


def test_switch__fires_under_a_run_that_was_held_up__the_run_goes_back_too(
    node: FakeNode, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    disarm = switch.disarm

    def too_late(host: switch.Host) -> switch.Verdict:
        if node.commands.is_armed:
            node.daemon.restarts += 1
            fire(node, programs)
        return disarm(host)

    monkeypatch.setattr(switch, "disarm", too_late)
    with pytest.raises(RolledBackError, match="fired while this run was held up"):
        run(node, ONE)
    assert node.read(MAIN) == MAIN_V2
    assert set(node.daemon.loaded) == {"runc"}


@pytest.mark.parametrize("refuses", ["", "light"], ids=["daemon takes it", "daemon refuses it"])
def test_apply__dies_at_any_change__the_switch_alone_has_the_node_well_again(
    tmp_path: Path, programs: Programs, refuses: str
) -> None:
    ready = prepared(tmp_path / "ready", *NODES["1.7"], NOTHING)
    goal = copy_of(ready, tmp_path / "goal")
    run(goal, ONE)
    reached = goal.tree()
    point = fired = 0
    while True:
        point += 1
        node = copy_of(ready, tmp_path / str(point))
        node.daemon.refuses = refuses
        if not _dies_at(node, point):
            break
        if node.commands.is_armed:
            fired += 1
            fire(node, programs)
            assert node.daemon.is_up, f"died at change {point}"
            node.daemon.refuses = ""
            _reach(node)
            assert node.tree() == reached, f"died at change {point}"
            assert node.daemon.loaded == goal.daemon.loaded, f"died at change {point}"
    assert fired >= 6


def _dies_at(node: FakeNode, point: int) -> bool:
    """Run until the change of this number; return whether there is one."""
    try:
        return crash_at(node, ONE, point)
    except RolledBackError:
        return False


def _reach(node: FakeNode) -> None:
    """At most one run tells of what the switch did; then the goal can be reached."""
    with contextlib.suppress(RolledBackError):
        run(node, ONE)
        return
    apply(node.host, ONE, artifacts(node.root / "art", *ONE.runtimes), retry=True)
