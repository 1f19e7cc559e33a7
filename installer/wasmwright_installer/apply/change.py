"""Seventh to ninth step in one: the change is made, taken by the daemon, proved, or undone."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wasmwright_installer.apply import commit, switch, undo
from wasmwright_installer.apply.activate import ActivationError, activate
from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.intent import Intent
from wasmwright_installer.apply.record import sweep, tidy
from wasmwright_installer.apply.verify import prove
from wasmwright_installer.detect.handlers import Loaded
from wasmwright_installer.detect.orphans import orphans, warn_of_orphans
from wasmwright_installer.errors import InstallerError, RefusedError, RollbackFailedError
from wasmwright_installer.host.bundles import remove_dead
from wasmwright_installer.host.cri import CRIUnavailableError
from wasmwright_installer.host.processes import all_processes
from wasmwright_installer.host.state import Journal, State


@dataclass(frozen=True, slots=True)
class Proved:
    """What the daemon serves after a change, and what that cost."""

    loaded: Loaded
    unavailable_ms: int = 0
    orphans: int = 0
    warnings: tuple[str, ...] = ()


def change(host: Host, attempt: str, intent: Intent, after: State) -> Proved:
    """Make the planned change; where the daemon does not take it, everything is as before.

    Args:
        host: where.
        attempt: what the change is remembered by if it has to be undone.
        intent: what was found and planned.
        after: what the node then holds.

    Raises:
        InstallerError: it was refused, or undone.
    """
    decision, planned = intent.decision, intent.planned
    proved = Proved(intent.observed.loaded)
    if not decision.must_activate and not (planned and planned.files.writes):
        _exchange_links(host, intent, after)
        return proved
    with tidied(host, intent, after.folders):
        journal = commit.open_journal(
            host, intent.observed, decision, planned, intent.links, after, attempt
        )
    _write(host, journal, intent)
    return _activate_and_prove(host, journal, intent) if decision.must_activate else proved


def _exchange_links(host: Host, intent: Intent, after: State) -> None:
    """Make a change that is only links.

    The record comes first. Should the process die before the links, the next run sees by the disk
    that they are missing.
    """
    with tidied(host, intent, after.folders):
        commit.prepare(host, intent.links, None)
        host.state.save(after)
        commit.exchange_links(host, intent.links)


def _write(host: Host, journal: Journal, intent: Intent) -> None:
    try:
        commit.prepare(host, intent.links, intent.planned)
        if intent.decision.must_activate:
            switch.arm(host, journal)
        commit.exchange_links(host, intent.links)
        if intent.planned:
            commit.exchange_files(host, intent.planned)
        for bundle in intent.usage.dead:
            remove_dead(host.commands, bundle)
    except InstallerError as error:
        _take_back(host, intent, journal, error)
        raise


def _take_back(host: Host, intent: Intent, journal: Journal, cause: InstallerError) -> None:
    """Undo writes that the daemon has not read yet.

    Raises:
        RollbackFailedError: not even that can be written; the journal stays for the next run.
    """
    try:
        undo.restore(host, journal)
        switch.disarm(host)
        host.state.close_journal()
    except RefusedError as error:
        raise RollbackFailedError(
            f"{cause.message}; and what was written before that cannot be taken back "
            f"({error.message}); the daemon has not read it, the next run takes it back",
            reason="RollbackFailed",
        ) from cause
    _tidy(host, intent, journal.next.folders)


def _activate_and_prove(host: Host, journal: Journal, intent: Intent) -> Proved:
    try:
        activated = activate(host, journal)
        loaded = prove(host, journal)
        _refuse_fired(host)
    except ActivationError as error:
        undone = undo.roll_back(host, journal, str(error))
        sweep(host, intent.observed, intent.observed.state)
        raise undone from error
    found = _orphans(host, journal)
    warnings = (*activated.warnings, *warn_of_orphans(found))
    return Proved(loaded, activated.unavailable_ms, len(found), warnings)


def _refuse_fired(host: Host) -> None:
    if switch.disarm(host).activated:
        raise ActivationError(
            "the dead man's switch fired while this run was held up, and put the files back"
        )


def _orphans(host: Host, journal: Journal) -> Mapping[str, tuple[int, ...]]:
    """What runs on unknown; a runtime that does not answer this question has no shims of ours."""
    if not journal.restarts:
        return {}
    try:
        tasks = host.cri(journal.socket).tasks(host.limits.answer)
    except CRIUnavailableError:
        return {}
    return orphans(all_processes(host.files), tasks, host.home)


@contextlib.contextmanager
def tidied(host: Host, intent: Intent, folders: tuple[str, ...]) -> Iterator[None]:
    """Take away what a step put down for itself if it is refused."""
    try:
        yield
    except InstallerError:
        _tidy(host, intent, folders)
        raise


def _tidy(host: Host, intent: Intent, folders: tuple[str, ...]) -> None:
    state = intent.observed.state
    after = state.model_copy(update={"folders": folders})
    tidy(host, intent.observed, after, is_new=state == State())
