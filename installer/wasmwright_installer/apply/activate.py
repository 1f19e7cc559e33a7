"""Eighth step: the daemon takes the change, in the way of its layout; a restart is timed."""

import time
from dataclasses import dataclass

from wasmwright_installer.apply.hang import HangingStart
from wasmwright_installer.apply.host import Host
from wasmwright_installer.host.commands import Running, run
from wasmwright_installer.host.cri import CRI
from wasmwright_installer.host.state import Journal
from wasmwright_installer.layouts.layout import Activation


class ActivationError(Exception):
    """The daemon did not come up as it should; the sentence says how."""


@dataclass(frozen=True, slots=True)
class Activated:
    """How a daemon came to load its files."""

    unavailable_ms: int = 0
    """For how long the CRI did not answer, in milliseconds."""
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class _Watch:
    """When the daemon answered last before the gap, and first after it."""

    last_before: float
    first_after: float = 0.0
    was_gone: bool = False

    def note(self, now: float, *, answers: bool) -> None:
        if answers and self.was_gone:
            self.first_after = self.first_after or now
        elif answers:
            self.last_before = now
        else:
            self.was_gone, self.first_after = True, 0.0

    def gap_ms(self, end: float) -> int:
        if not self.was_gone:
            return 0
        return round(((self.first_after or end) - self.last_before) * 1000)


def activate(host: Host, journal: Journal) -> Activated:
    """Have the daemon load its files.

    Raises:
        ActivationError: it could not be told to, or did not come back.
    """
    match journal.activation:
        case Activation.RESTART:
            return _restart(host, journal)
        case Activation.RELOAD:
            _reload(host, journal.unit)
        case Activation.WAIT:
            pass
    return Activated()


def _reload(host: Host, unit: str) -> None:
    done = run(host.commands, "systemctl", "reload", unit, timeout=host.limits.restart)
    if done.code != 0:
        raise ActivationError(f"'systemctl reload {unit}' failed: {done.output.strip()[-300:]}")


def _restart(host: Host, journal: Journal) -> Activated:
    """Restart the daemon.

    The job is PID 1's from the moment that it is asked for: should this process die, the restart
    goes on. systemd refuses a start that comes too soon after others, and the daemon would then be
    down; so the unit's count of starts is set back first.

    Raises:
        ActivationError: systemd reports a failure, or the CRI does not answer in time.
    """
    unit = journal.unit
    run(host.commands, "systemctl", "reset-failed", unit, timeout=host.limits.command)
    cri = host.cri(journal.socket)
    watch, hang = _Watch(time.monotonic()), HangingStart(host, unit)
    running = host.commands.start("systemctl", "restart", unit)
    _watch_restart(host, running, cri, watch, hang, journal)
    deadline = time.monotonic() + host.limits.settle
    while not _asked(cri, watch):
        hang.look()
        if time.monotonic() > deadline:
            raise ActivationError(
                f"{unit} was restarted, but does not serve the CRI after {host.limits.settle:g} s"
            )
        time.sleep(host.limits.step)
    return Activated(watch.gap_ms(time.monotonic()), hang.warnings)


def _watch_restart(
    host: Host, running: Running, cri: CRI, watch: _Watch, hang: HangingStart, journal: Journal
) -> None:
    unit, limit = journal.unit, host.limits.stretched(journal.restart_seconds).restart
    begin = time.monotonic()
    while (done := running.poll()) is None:
        hang.look()
        if time.monotonic() > begin + limit + hang.extra:
            running.kill()
            raise ActivationError(f"{unit} was not restarted within {limit:g} s")
        _asked(cri, watch)
        time.sleep(host.limits.step)
    if done.code != 0:
        raise ActivationError(f"'systemctl restart {unit}' failed: {done.output.strip()[-300:]}")


def _asked(cri: CRI, watch: _Watch) -> bool:
    answers = cri.answers(0.5)
    watch.note(time.monotonic(), answers=answers)
    return answers
