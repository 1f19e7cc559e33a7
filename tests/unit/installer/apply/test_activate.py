"""The restart: how long the CRI was gone, and what counts as failed. Time is played."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from typing_extensions import override

from unit.installer.fake_host import IMPATIENT, Done
from wasmwright_installer.apply.activate import ActivationError, activate
from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.verify import prove
from wasmwright_installer.detect.handlers import Loaded
from wasmwright_installer.host.commands import Commands, Completed, Running
from wasmwright_installer.host.cri import CRI, CRIUnavailableError
from wasmwright_installer.host.files import HostFiles
from wasmwright_installer.host.state import Journal, State


@dataclass
class Clock:
    now: float = 100.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Restart(Commands, Running, CRI):
    """systemctl that ends at one time, and a CRI that is away between two others."""

    clock: Clock
    ends: float
    gone: tuple[float, float]
    code: int = 0
    is_killed: bool = False
    log: list[str] = field(default_factory=list)

    @override
    def start(self, *arguments: str) -> Running:
        self.log.append(arguments[1])
        return self if arguments == ("systemctl", "restart", "c.service") else Done(Completed(0))

    @override
    def poll(self) -> Completed | None:
        over = self.clock.now >= self.ends
        return Completed(self.code, stderr="Job failed") if over else None

    @override
    def kill(self) -> None:
        self.is_killed = True

    @override
    def answers(self, timeout: float) -> bool:
        return not self.gone[0] <= self.clock.now < self.gone[1]

    @override
    def loaded(self, timeout: float) -> Loaded:
        raise CRIUnavailableError("unavailable")


def host(played: Restart) -> Host:
    limits = replace(IMPATIENT, restart=5, settle=5, step=0.01)
    return Host(HostFiles(Path("/")), played, lambda _: played, limits)


def journal() -> Journal:
    return Journal(
        config="",
        document="",
        previous=State(),
        next=State(),
        files=(),
        restarts=True,
        baseline={},
        foreign={},
        ours=(),
        network_ready=True,
        unit="c.service",
        socket="/s",
    )


@pytest.mark.parametrize(
    ("ends", "gone", "expected"),
    [
        (100.3, (100.1, 100.25), 150),
        (100.3, (100.1, 101.0), 900),
        (100.3, (101.0, 101.0), 0),
        (100.1, (100.0, 100.2), 200),
    ],
    ids=["back before systemd says so", "back later", "never seen away", "away at once"],
)
def test_restart__gap__is_from_the_last_answer_to_the_first(
    monkeypatch: pytest.MonkeyPatch, ends: float, gone: tuple[float, float], expected: int
) -> None:
    clock = Clock()
    monkeypatch.setattr("wasmwright_installer.apply.activate.time", clock)
    played = Restart(clock, ends, gone)
    measured = activate(host(played), journal())
    assert played.log == ["reset-failed", "restart"], "or systemd may refuse to start it again"
    assert measured == pytest.approx(expected, abs=25)


@pytest.mark.parametrize(
    ("played", "match"),
    [
        (
            Restart(Clock(), 100.2, (0, 0), code=1),
            "'systemctl restart c.service' failed: Job failed",
        ),
        (Restart(Clock(), 999, (0, 0)), "was not restarted within 5 s"),
        (Restart(Clock(), 100.2, (100.1, 999)), "does not serve the CRI after 5 s"),
    ],
    ids=["systemd says no", "hangs", "never answers"],
)
def test_restart__fails__is_told_and_nothing_keeps_running(
    monkeypatch: pytest.MonkeyPatch, played: Restart, match: str
) -> None:
    monkeypatch.setattr("wasmwright_installer.apply.activate.time", played.clock)
    with pytest.raises(ActivationError, match=match):
        activate(host(played), journal())
    assert played.is_killed is (played.ends == 999)


def test_prove__daemon_never_answers__gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("wasmwright_installer.apply.verify.time", clock)
    with pytest.raises(ActivationError, match="does not serve the CRI"):
        prove(host(Restart(clock, 0, (0, 0))), journal())
    assert clock.now >= 105


@pytest.mark.parametrize("ready_at", [101.0, 999.0], ids=["comes back", "stays away"])
def test_prove__network_was_ready_before__is_waited_for(
    monkeypatch: pytest.MonkeyPatch, ready_at: float
) -> None:
    clock = Clock()
    monkeypatch.setattr("wasmwright_installer.apply.verify.time", clock)

    class Slow(Restart):
        @override
        def loaded(self, timeout: float) -> Loaded:
            ready = self.clock.now >= ready_at
            return Loaded({}, "runc", "/s", runtime_ready=True, network_ready=ready)

    slow = Slow(clock, 0, (0, 0))
    if ready_at < 105:
        assert prove(host(slow), journal()).network_ready
        return
    with pytest.raises(ActivationError, match="is not ready after 5 s"):
        prove(host(slow), journal())
