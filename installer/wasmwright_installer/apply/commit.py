"""Seventh step: the change itself, announced in a journal before its first write.

The order within: bytes to go back to, journal, everything prepared beside its place, then renames:
links, and files in the order of the plan. After each single rename the configuration on disk is one
that the daemon accepts, and none of them needs space on the disk.
"""

from wasmwright_installer.apply.decide import Decision
from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.links import LinkPlan
from wasmwright_installer.apply.plan import Planned
from wasmwright_installer.apply.probe import Observed
from wasmwright_installer.config.files import FileChange
from wasmwright_installer.errors import RefusedError
from wasmwright_installer.host.processes import started
from wasmwright_installer.host.state import (
    FileState,
    InstalledBinary,
    Journal,
    JournalFile,
    JournalLink,
    State,
)
from wasmwright_installer.host.state_store import digest


def next_state(
    observed: Observed,
    decision: Decision,
    planned: Planned | None,
    installed: dict[str, InstalledBinary],
    folders: tuple[str, ...],
) -> State:
    """Return what the node will hold when the change is complete."""
    taken_over = {each.name.value for each in observed.takeover.predecessors}
    kept = observed.state.model_copy(
        update={
            "runtimes": installed,
            "folders": folders,
            "predecessors": tuple(sorted({*observed.state.predecessors, *taken_over})),
            "refused": None,
        }
    )
    if planned is None:
        return kept
    return kept.model_copy(
        update={
            "handlers": {name: dict(table) for name, table in decision.handlers.items()},
            "names": tuple(sorted(planned.files.names)),
            "taken": tuple(sorted(observed.takeover.handlers)),
            "surviving": tuple(sorted(decision.surviving & decision.handlers.keys())),
            "files": tuple(
                FileState(path=change.path, sha256=sha256, original=_digest(change.original))
                for change in planned.files.changes
                if change.after != change.original and (sha256 := _digest(change.after))
            ),
        }
    )


def _digest(content: bytes | None) -> str | None:
    return None if content is None else digest(content)


def open_journal(
    host: Host,
    observed: Observed,
    decision: Decision,
    planned: Planned | None,
    links: LinkPlan,
    after: State,
    document: str,
) -> Journal:
    """Keep the bytes to go back to, then announce the change."""
    changes = planned.files.changes if planned else ()
    for change in changes:
        for content in (_way_back(change), change.original):
            if content is not None:
                host.state.keep(content)
    journal = Journal(
        config=planned.identity if planned else "",
        document=document,
        previous=observed.state,
        next=after,
        files=tuple(
            JournalFile(
                path=change.path, before=_digest(_way_back(change)), after=_digest(change.after)
            )
            for change in changes
        ),
        links=tuple(
            JournalLink(path=link.path, before=link.before, after=link.after)
            for link in links.changes
        ),
        restarts=decision.must_restart,
        baseline={name: dict(handler) for name, handler in observed.loaded.handlers.items()},
        foreign={name: dict(each) for name, each in planned.foreign.items()} if planned else {},
        ours=tuple(sorted(decision.ours | decision.handlers.keys())),
        adopted={name: dict(handler) for name, handler in decision.pending.items()},
        activation=observed.layout.activation,
        restart_seconds=observed.layout.restart_seconds,
        network_ready=observed.loaded.network_ready,
        unit=observed.daemon.unit,
        socket=observed.daemon.socket,
        daemon_pid=observed.daemon.pid,
        daemon_started=started(host.files, observed.daemon.pid),
    )
    host.state.open_journal(journal)
    return journal


def _way_back(change: FileChange) -> bytes | None:
    """Return what a rollback restores.

    That is the present bytes, or those of before us where an earlier run wrote the present ones and
    died before the restart.
    """
    return change.before if change.is_write else change.original


def prepare(host: Host, links: LinkPlan, planned: Planned | None) -> None:
    """Put all that a change consists of beside its place: what can fail for space fails now.

    Raises:
        RefusedError: the host takes no more; nothing of it is left there.
    """
    writes = planned.files.writes if planned else ()
    try:
        for link in links.changes:
            host.files.make_folders(link.path.rpartition("/")[0])
            host.files.prepare_link(link.path, link.after)
        for change in writes:
            if change.after is not None:
                host.files.make_folders(change.path.rpartition("/")[0])
                host.files.prepare(change.path, change.after)
    except RefusedError:
        for path in (*(link.path for link in links.changes), *(change.path for change in writes)):
            host.files.discard_temporary(path)
        raise


def exchange_links(host: Host, links: LinkPlan) -> None:
    """Exchange the symlinks that were prepared, each by one rename."""
    for link in links.changes:
        host.files.switch_link(link.path)


def exchange_files(host: Host, planned: Planned) -> None:
    """Exchange the files that were prepared, in the order of the plan."""
    for change in planned.files.writes:
        if change.after is None:
            host.files.delete(change.path, follow=True)
        else:
            host.files.switch(change.path)
