"""The dead man's switch: the host undoes a change by itself if the run that makes it does not end.

A run lives in a pod, and a node whose container runtime is down starts none. So before the first
write a timer of systemd is set up that runs a shell script on the host; a run that has proved its
change, or undone it, takes the timer away again. The timer counts on the monotonic clock, so no
change of the date makes it fire early or late. It does not survive a reboot; then the next run
takes care of the journal.
"""

from importlib.resources import files

from wasmwright_installer.apply.host import Host
from wasmwright_installer.errors import RefusedError
from wasmwright_installer.host.commands import Completed, run
from wasmwright_installer.host.lock import LOCK
from wasmwright_installer.host.state import Journal
from wasmwright_installer.rescue.script import Rescue, Step, render
from wasmwright_installer.rescue.verdict import Verdict, parse_verdict

UNIT = "wasmwright-switch"
_UNITS = (f"{UNIT}.timer", f"{UNIT}.service")


def arm(host: Host, journal: Journal) -> None:
    """Set the timer up for the change of this journal; one that was set up before is replaced.

    Raises:
        RefusedError: it cannot be.
    """
    body = files("wasmwright_installer.rescue").joinpath("switch.sh").read_text()
    host.state.put_switch(render(rescue_of(host, journal), body))
    seconds = host.limits.stretched(journal.restart_seconds).switch
    done = _start(host, seconds, "--collect")
    if done.code != 0:
        # One that an earlier run left is in the way; or a systemd that does not know --collect.
        _stop(host)
        run(host.commands, "systemctl", "reset-failed", *_UNITS, timeout=host.limits.command)
        done = _start(host, seconds)
    if done.code != 0:
        raise RefusedError(
            "the host cannot be told to undo the change by itself should this run die, since "
            f"systemd-run failed ({done.output.strip()[-300:]}); without that nothing is changed",
            reason="SwitchNotArmed",
        )


def _start(host: Host, seconds: float, *options: str) -> Completed:
    return run(
        host.commands,
        "systemd-run",
        "--quiet",
        *options,
        f"--unit={UNIT}",
        "--description=Undo a change of wasmwright whose run did not end",
        f"--on-active={seconds:g}s",
        "--timer-property=AccuracySec=1s",
        "/bin/sh",
        host.state.switch,
        timeout=host.limits.command,
    )


def disarm(host: Host) -> Verdict:
    """Take the timer away and stop what it may have begun; return what that had done by then.

    A timer that cannot be taken away does no harm: without the journal the script does nothing.
    """
    _stop(host)
    return verdict(host)


def _stop(host: Host) -> None:
    run(host.commands, "systemctl", "stop", *_UNITS, timeout=host.limits.command)


def verdict(host: Host) -> Verdict:
    """Return what the switch did about the change that is under way."""
    return parse_verdict(host.state.verdict(), host.state.journal_digest())


def rescue_of(host: Host, journal: Journal) -> Rescue:
    """Return what the script needs to know."""
    limits = host.limits.stretched(journal.restart_seconds)
    return Rescue(
        state=host.home.state,
        lock=LOCK,
        journal=host.state.journal_digest(),
        unit=journal.unit,
        activation=journal.activation,
        daemon=journal.daemon_pid,
        started=journal.daemon_started,
        files=tuple(Step(each.path, each.before, each.after) for each in journal.files),
        links=tuple(Step(each.path, each.before, each.after) for each in journal.links),
        folders=tuple(f for f in journal.next.folders if f not in journal.previous.folders),
        restart=limits.restart,
        hang=host.limits.hang,
        patience=limits.switch,
    )
