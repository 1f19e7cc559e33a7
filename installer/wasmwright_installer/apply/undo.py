"""The way back: after a change that the daemon did not take, and after a run that was killed."""

import contextlib
import time
from typing import Final

from wasmwright_installer.apply import switch
from wasmwright_installer.apply.activate import ActivationError, activate
from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.verify import changed_for_others, prove_undone, serves_as_before
from wasmwright_installer.detect.handlers import Loaded
from wasmwright_installer.errors import RefusedError, RollbackFailedError, RolledBackError
from wasmwright_installer.host.cri import CRIUnavailableError
from wasmwright_installer.host.state import Journal, RefusedChange, State
from wasmwright_installer.host.state_store import digest

SWITCH_FIRED: Final = "SwitchFired"


def roll_back(
    host: Host, journal: Journal, cause: str, *, reason: str = "RolledBack"
) -> RolledBackError:
    """Restore files and links of before, restart, and prove it; return what to tell.

    The switch stays armed until all of it is done, also if this fails: then it tries once more.

    Raises:
        RollbackFailedError: the daemon is not what it was before.
    """
    foreign = restore(host, journal)
    warnings: tuple[str, ...] = ()
    try:
        if reason != SWITCH_FIRED or not serves_as_before(host, journal):
            warnings = activate(host, journal).warnings
        prove_undone(host, journal)
    except ActivationError as error:
        raise RollbackFailedError(
            f"{cause}; the files of before are back{_except(foreign)}, but {error}: "
            f"look at 'journalctl -u {journal.unit}' on this node",
            reason="RollbackFailed",
        ) from error
    switch.disarm(host)
    refused = RefusedChange(document=journal.document, config=journal.config, message=cause[:400])
    kept = {"refused": refused, "folders": journal.next.folders}
    host.state.save(journal.previous.model_copy(update=kept))
    host.state.close_journal()
    told = "; ".join(
        (
            f"{cause}; the configuration of before is back{_except(foreign)} and serves again",
            *warnings,
        )
    )
    return RolledBackError(told, reason=reason)


def restore(host: Host, journal: Journal) -> list[str]:
    """Undo in the opposite order of the writes.

    A file that somebody else edited in between is left as it is, since to restore it would lose
    that edit; such files are returned.
    """
    foreign: list[str] = []
    for file in reversed(journal.files):
        host.files.discard_temporary(file.path)
        present = _digest(host, file.path)
        if present == file.before:
            continue
        if present != file.after:
            foreign.append(file.path)
        elif file.before is None:
            host.files.delete(file.path, follow=True)
        else:
            host.files.make_folders(file.path.rpartition("/")[0])
            host.files.write(file.path, host.state.content(file.before))
    for link in journal.links:
        host.files.discard_temporary(link.path)
        if host.files.link_target(link.path) == link.after:
            _restore_link(host, link.path, link.before)
    for folder in reversed(journal.next.folders):
        if folder not in journal.previous.folders:
            host.files.delete_empty_folder(folder)
    return foreign


def _restore_link(host: Host, path: str, before: str | None) -> None:
    if before is not None:
        host.files.link(path, before)
        return
    host.files.delete(path)
    host.files.delete_empty_folder(path.rpartition("/")[0])


def _digest(host: Host, path: str) -> str | None:
    content = host.files.read(path)
    return None if content is None else digest(content)


def _except(foreign: list[str]) -> str:
    return f", except {', '.join(foreign)}, which somebody edited in between" if foreign else ""


def recover(host: Host) -> None:
    """Bring a change that a killed run left half done to where the next steps can start from.

    Where the daemon is well, what was written counts as ours and the run goes on from there. Where
    it is not, the change is undone.

    Raises:
        RolledBackError: the change was undone; this run ends, the next one is free to try.
    """
    journal = host.state.journal()
    if journal is None:
        return
    for path in (*(file.path for file in journal.files), *(link.path for link in journal.links)):
        host.files.discard_temporary(path)
    if switch.verdict(host).activated:
        raise _undone_by_switch(host, journal)
    loaded = _answer(host, journal)
    if loaded is None:
        raise _undo(host, journal, "a run was ended while containerd did not serve the CRI")
    problem = changed_for_others(loaded, journal)
    if problem:
        raise _undo(host, journal, f"a run was ended in the middle of a change, and {problem}")
    if switch.disarm(host).activated:
        raise _undone_by_switch(host, journal)
    committed = all(_digest(host, file.path) == file.after for file in journal.files)
    host.state.save(_taken_over(host, journal, committed=committed))
    host.state.close_journal()


def _undo(host: Host, journal: Journal, cause: str) -> RolledBackError:
    """Go back for a run that is gone, with a switch of our own should we die as well.

    The way back is not refused for want of one.
    """
    with contextlib.suppress(RefusedError):
        switch.arm(host, journal)
    return roll_back(host, journal, cause)


def _undone_by_switch(host: Host, journal: Journal) -> RolledBackError:
    cause = (
        "a run did not end after it had changed this node, so the dead man's switch put the files "
        f"of before back and restarted {journal.unit}"
    )
    return roll_back(host, journal, cause, reason=SWITCH_FIRED)


def _answer(host: Host, journal: Journal) -> Loaded | None:
    """Ask for as long as a restart that is still under way may take."""
    cri = host.cri(journal.socket)
    deadline = time.monotonic() + host.limits.settle
    while True:
        try:
            return cri.loaded(host.limits.answer)
        except CRIUnavailableError:
            if time.monotonic() > deadline:
                return None
            time.sleep(host.limits.step)


def _taken_over(host: Host, journal: Journal, *, committed: bool) -> State:
    """Return what we hold: of each file what it really is, of the handlers what all files say.

    A name that was to be taken over may still be a predecessor's in a file that was not written.
    """
    if committed:
        return journal.next
    before = {file.path: file for file in journal.previous.files}
    after = {file.path: file for file in journal.next.files}
    held = []
    for file in journal.files:
        record = (after if _digest(host, file.path) == file.after else before).get(file.path)
        held += [record] if record else []
    names = {*journal.previous.names, *journal.next.names}
    return journal.previous.model_copy(
        update={
            "files": tuple(held),
            "folders": journal.next.folders,
            "names": tuple(sorted(names - {*journal.next.taken})),
            "predecessors": journal.next.predecessors,
            "taken": journal.next.taken,
        }
    )
