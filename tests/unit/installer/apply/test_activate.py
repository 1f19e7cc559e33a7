"""The restart: how long the CRI was gone, and what counts as failed. Time is played."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from typing_extensions import override

from unit.installer.fake_host.commands import Done
from unit.installer.fake_host.node import IMPATIENT
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
    def tasks(self, timeout: float) -> frozenset[str]:
        raise CRIUnavailableError("unavailable")

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
    measured = activate(host(played), journal()).unavailable_ms
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


HANGS_FROM = 5 / 3
"""Seconds of a restart that may take 5, after which its start is looked into."""


def _put(root: Path, path: str, content: bytes) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(content)


@dataclass
class Hanging(Restart):
    """A start that waits for one dead shim after the other until each has been ended."""

    root: Path = Path("/nowhere")
    left: list[int] = field(default_factory=list)
    state: str = "activating"
    killed: list[tuple[int, float]] = field(default_factory=list)

    def hang(self) -> None:
        if self.left:
            proc = f"proc/{self.left[0]}"
            command = f"/x/containerd-shim-x-v1\0-id\0c{self.left[0]}\0delete\0"
            _put(self.root, f"{proc}/cmdline", command.encode())
            _put(self.root, f"{proc}/wchan", b"wait_for_partner")
            _put(self.root, f"{proc}/status", b"Name:\tx\nPPid:\t1\n")

    @override
    def start(self, *arguments: str) -> Running:
        if arguments[:2] == ("systemctl", "show"):
            return Done(Completed(0, f"ActiveState={self.state}\n"))
        if arguments[0] == "sh":
            pid = self.left.pop(0)
            assert arguments == ("sh", "-c", f"kill -9 {pid}")
            self.killed.append((pid, self.clock.now))
            (self.root / f"proc/{pid}/cmdline").unlink()
            self.ends = self.clock.now + 0.1 if not self.left else 999
            self.hang()
        return super().start(*arguments)


def _hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *left: int) -> tuple[Hanging, Host]:
    played = Hanging(Clock(), 999, (100.1, 100.1), root=tmp_path, left=list(left))
    played.hang()
    monkeypatch.setattr("wasmwright_installer.apply.activate.time", played.clock)
    monkeypatch.setattr("wasmwright_installer.apply.hang.time", played.clock)
    limits = replace(IMPATIENT, restart=5, settle=5, step=0.01)
    return played, Host(HostFiles(tmp_path), played, lambda _: played, limits)


def test_restart__hangs_on_dead_shims__is_helped_over_each_and_tells(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    played, where = _hanging(tmp_path, monkeypatch, 901, 902, 903)
    (told,) = activate(where, journal()).warnings
    assert [pid for pid, _ in played.killed] == [901, 902, 903]
    assert played.killed[0][1] == pytest.approx(100 + HANGS_FROM, abs=0.05)
    assert "c.service hung on what dead shims had left of containers c901, c902, c903" in told


def test_restart__many_dead_shims__gets_time_for_as_long_as_it_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    played, where = _hanging(tmp_path, monkeypatch, *range(901, 912))
    assert activate(where, journal()).warnings
    assert played.clock.now > 105, "longer than the 5 s that a restart has"


def test_restart__takes_long_without_starting__nobody_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    played, where = _hanging(tmp_path, monkeypatch, 901)
    played.state = "deactivating"
    with pytest.raises(ActivationError, match="was not restarted within 5 s"):
        activate(where, journal())
    assert played.killed == []
