"""One run: the steps in their order. Every step before `commit` leaves the host as it was."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from wasmwright_installer.apply import commit, undo
from wasmwright_installer.apply.binaries import Artifacts, read_artifacts, stage
from wasmwright_installer.apply.breaker import refuse_known_failure
from wasmwright_installer.apply.change import change, tidied
from wasmwright_installer.apply.decide import decide
from wasmwright_installer.apply.digests import resolve
from wasmwright_installer.apply.guard import look_at_usage, refuse_losses
from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.intent import Intent, Outcome
from wasmwright_installer.apply.leftover_users import stranded
from wasmwright_installer.apply.leftovers import clear, remaining
from wasmwright_installer.apply.links import linked_runtimes, plan_links
from wasmwright_installer.apply.plan import plan
from wasmwright_installer.apply.probe import observe
from wasmwright_installer.apply.record import record, remove_obsolete
from wasmwright_installer.apply.result import attempt_of, identity_of, success
from wasmwright_installer.apply.store import kept_binaries, stored_artifacts
from wasmwright_installer.apply.takeover import take_over
from wasmwright_installer.apply.tryout import try_out
from wasmwright_installer.apply.validate import STAGE, validate
from wasmwright_installer.contract import ApplyResult, NodeDocument, RuntimeEntry
from wasmwright_installer.detect.handlers import Loaded
from wasmwright_installer.detect.support import NodeFacts, refuse_immutable
from wasmwright_installer.errors import (
    RefusedError,
    WrongNodeError,
)
from wasmwright_installer.host.facts import node_facts
from wasmwright_installer.host.lock import node_lock
from wasmwright_installer.host.state import State


def look(host: Host, document: NodeDocument, stage: str = STAGE) -> Intent:
    """Find out what a run would do; nothing that the daemon reads is changed.

    Args:
        host: where.
        document: what it is to have.
        stage: where the planned files lie while the daemon judges them.

    Raises:
        InstallerError: the run would be refused.
    """
    node = node_facts(host.files)
    refuse_immutable(node)
    _refuse_other_machine(node, document)
    observed = take_over(observe(host, node), document)
    decision = decide(document, observed)
    planned = plan(host, observed, decision)
    effective = validate(host, observed, decision, planned, stage)
    runtimes = linked_runtimes(document, observed, decision)
    links = plan_links(host, runtimes)
    usage = look_at_usage(host, observed, decision, links)
    usage = replace(usage, stranded=stranded(host, observed, decision))
    return Intent(observed, decision, planned, runtimes, links, usage, effective)


def _refuse_other_machine(node: NodeFacts, document: NodeDocument) -> None:
    wanted = document.node.machine_id
    if wanted and wanted != node.machine_id:
        raise WrongNodeError(
            f"the document is for the machine with id {wanted}, but this one is "
            f"{node.machine_id or 'without an id'}; the node was replaced, or /etc/machine-id was",
            reason="WrongMachine",
        )


def apply(
    host: Host, document: NodeDocument, artifacts: Path | None, *, retry: bool = False
) -> ApplyResult:
    """Make a host have exactly what the document says.

    Args:
        host: where.
        document: what; an empty one gives the node back.
        artifacts: the directory that `fetch` filled.
        retry: try again a change that had to be undone before.

    Raises:
        InstallerError: the goal was not reached; the class says what became of the host.
    """
    refuse_immutable(node_facts(host.files))
    fetched = read_artifacts(artifacts)
    document = resolve(document, fetched.manifest.found)
    with node_lock(host.files, host.limits.lock):
        _refuse_other_machine(node_facts(host.files), document)
        undo.recover(host)
        intent = look(host, document)
        permitted = refuse(document, intent, retry=retry)
        outcome = _change(host, document, intent, fetched)
    return success(document, intent, outcome, permitted)


def refuse(document: NodeDocument, intent: Intent, *, retry: bool) -> tuple[str, ...]:
    """Refuse a change that is possible but unwise; return warnings of what is permitted.

    Raises:
        InstallerError: it failed before, or pods are in the way.
    """
    if not retry:
        refuse_known_failure(intent.observed.state, attempt_of(document), intent.planned)
    return refuse_losses(intent.usage, intent.decision, document)


def _change(host: Host, document: NodeDocument, intent: Intent, artifacts: Artifacts) -> Outcome:
    folders = _folders(host, intent)
    with tidied(host, intent, folders):
        staged = stage(host, intent.runtimes, artifacts, intent.observed.state)
        tried = [remark for entry in _adopted(document, intent) for remark in try_out(host, entry)]
    after = commit.next_state(
        intent.observed, intent.decision, intent.planned, staged.installed, folders
    ).model_copy(
        update={
            "document": identity_of(document),
            "kept": kept_binaries(intent.observed.state, staged.installed, document.keep_versions),
        }
    )
    proved = change(host, attempt_of(document), intent, after)
    removed, remarks = _settle(host, intent, after, proved.loaded)
    wrote = bool(intent.planned and intent.planned.files.writes)
    return Outcome(
        loaded=proved.loaded,
        changed=wrote or removed or bool(intent.links.changes),
        restarted=intent.decision.must_restart,
        unavailable_ms=proved.unavailable_ms,
        orphans=proved.orphans,
        warnings=(*staged.warnings, *tried, *proved.warnings, *remarks),
        stored=stored_artifacts(host, after),
        leftovers=remaining(host, intent.observed, proved.loaded, _tree_after(intent)),
    )


def _tree_after(intent: Intent) -> Mapping[str, bytes]:
    """Return the files that the daemon reads when the change is made."""
    return intent.planned.files.tree if intent.planned else intent.observed.present.tree


def _adopted(document: NodeDocument, intent: Intent) -> Iterator[RuntimeEntry]:
    """Yield runtimes that need no link of ours, but whose binary on the host is known."""
    for entry in document.runtimes:
        if entry not in intent.runtimes and entry.source.host_path is not None:
            yield entry


def _settle(
    host: Host, intent: Intent, after: State, loaded: Loaded
) -> tuple[bool, tuple[str, ...]]:
    """Write down a change that is complete, and clear up; return whether anything went.

    A disk that is full by now undoes nothing: the journal says the same to the next run.
    """
    try:
        host.state.save(after)
        host.state.close_journal()
        removed = remove_obsolete(host, intent.observed, intent.links, after)
        cleared, remarks = clear(host, intent.observed, loaded, _tree_after(intent))
        record(host, after)
    except RefusedError as error:
        return True, (f"{error.message}; the change is complete, the next run writes it down",)
    return removed or cleared, remarks


def _folders(host: Host, intent: Intent) -> tuple[str, ...]:
    """Directories outside our own that this run makes, with those of earlier runs."""
    places = [host.home.root.rpartition("/")[0]]
    if intent.planned:
        places += [change.path.rpartition("/")[0] for change in intent.planned.files.writes]
    known = intent.observed.state.folders
    missing = [path for place in places for path in host.files.missing_folders(place)]
    return (*known, *dict.fromkeys(path for path in missing if path not in known))
