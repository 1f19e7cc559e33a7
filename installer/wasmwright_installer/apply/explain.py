"""`plan` and `status`: what a run would do, and what is there, as data for people and programs."""

import difflib
import secrets
from collections.abc import Iterable
from typing import Any

from wasmwright_installer.apply.decide import own_handlers
from wasmwright_installer.apply.digests import resolve
from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.intent import Intent
from wasmwright_installer.apply.leftovers import report
from wasmwright_installer.apply.probe import Observed, observe
from wasmwright_installer.apply.result import node_fields
from wasmwright_installer.apply.run import look, refuse
from wasmwright_installer.config.base import base_of
from wasmwright_installer.config.files import FileChange, sha256
from wasmwright_installer.contract import (
    ChangedFile,
    HandlerStatus,
    HostStatus,
    NodeDocument,
    PlanReport,
)
from wasmwright_installer.detect.handlers import binary_of, normal_handler, program_of
from wasmwright_installer.errors import InstallerError
from wasmwright_installer.host.facts import node_facts
from wasmwright_installer.host.lock import RUN_FOLDER


def explain_plan(host: Host, document: NodeDocument, *, retry: bool = False) -> PlanReport:
    """Return what `apply` would do with a document; nothing is changed.

    A run that would be refused is told in the same structure: exit code, reason and sentence.
    """
    stage = f"{RUN_FOLDER}/plan-{secrets.token_hex(4)}"  # apply may stage its own at this moment
    try:
        intent = look(host, resolve(document, {}), stage)
    except InstallerError as error:
        return PlanReport(**_node(host), **_refusal(error))
    try:
        permitted = refuse(document, intent, retry=retry)
    except InstallerError as error:
        return _report(host, intent, ()).model_copy(update=_refusal(error))
    return _report(host, intent, permitted)


def _refusal(error: InstallerError) -> dict[str, Any]:
    return {"exit_code": error.exit_code, "reason": error.reason, "message": error.message}


def _node(host: Host) -> dict[str, Any]:
    """Say of a node what can be said, also where a run would stop early."""
    facts = node_facts(host.files)
    try:
        observed = observe(host, facts)
    except InstallerError:
        return {
            "machine_id": facts.machine_id,
            "boot_id": facts.boot_id,
            "distribution": facts.distribution,
        }
    return {**node_fields(observed), "leftovers": report(host, observed, observed.base)}


def _report(host: Host, intent: Intent, permitted: tuple[str, ...]) -> PlanReport:
    observed, decision, planned = intent.observed, intent.decision, intent.planned
    writes = planned.files.writes if planned else ()
    return PlanReport(
        files=tuple(ChangedFile(path=each.path, diff=_diff(each)) for each in writes),
        layout=planned.files.reason if planned else "",
        effective=intent.effective,
        links={change.path: change.after for change in intent.links.changes},
        obsolete_links=intent.links.obsolete,
        **_handlers(intent),
        restart=decision.must_restart,
        why=decision.why,
        pods_lost=intent.usage.lost,
        runtimes_in_use=dict(intent.usage.going),
        leftovers=report(host, observed, base_of(observed.present)),
        warnings=(
            *decision.warnings,
            *(planned.files.warnings if planned else ()),
            *permitted,
            *_unfinished(host),
        ),
        **node_fields(observed),
    )


def _handlers(intent: Intent) -> dict[str, Any]:
    """What the daemon would serve otherwise."""
    observed, decision = intent.observed, intent.decision
    loaded = observed.loaded.handlers
    declared = {name: normal_handler(table) for name, table in decision.handlers.items()}
    effective = {**declared, **decision.pending} if decision.must_activate else {}
    gone = (decision.ours & loaded.keys()) - declared.keys() if decision.must_activate else ()
    return {
        "handlers_added": tuple(sorted(effective.keys() - loaded.keys())),
        "handlers_changed": tuple(
            sorted(n for n in effective.keys() & loaded.keys() if effective[n] != loaded[n])
        ),
        "handlers_removed": tuple(sorted(gone)),
        "handlers_adopted": tuple(sorted(decision.adopted)),
        "handlers_taken_over": {
            name: observed.takeover.places.get(name, "")
            for name in sorted(observed.takeover.handlers)
        },
    }


def _unfinished(host: Host) -> Iterable[str]:
    if host.state.journal() is not None:
        yield "a run was ended in the middle of a change; apply takes care of that first"


def _diff(change: FileChange) -> str:
    lines = difflib.unified_diff(
        _lines(change.before),
        _lines(change.after),
        "/dev/null" if change.before is None else change.path,
        "/dev/null" if change.after is None else change.path,
    )
    return "".join(_with_ends(lines))


def _lines(content: bytes | None) -> list[str]:
    return (content or b"").decode(errors="replace").splitlines(keepends=True)


def _with_ends(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def explain_status(host: Host) -> HostStatus:
    """Return what is on a host: the daemon, what it serves, what of it is ours, and any drift.

    Raises:
        InstallerError: the host is not supported, or its daemon does not answer.
    """
    observed = observe(host, node_facts(host.files))
    ours = own_handlers(observed)
    return HostStatus(
        **node_fields(observed),
        leftovers=report(host, observed, observed.base),
        unit=observed.daemon.unit,
        socket=observed.daemon.socket,
        executable=observed.daemon.executable,
        handlers={
            name: HandlerStatus(
                binary=program_of(handler),
                ours=name in ours,
                installed=name not in ours or host.files.exists(binary_of(handler)),
            )
            for name, handler in sorted(observed.loaded.handlers.items())
        },
        runtimes={
            handler: f"{each.name} {each.version}".strip()
            for handler, each in observed.state.runtimes.items()
        },
        drift=tuple(_drift(host, observed)),
        unfinished=host.state.journal() is not None,
    )


def _drift(host: Host, observed: Observed) -> Iterable[str]:
    state, loaded = observed.state, observed.loaded.handlers
    for file in state.files:
        content = host.files.read(file.path)
        if content is None:
            yield f"{file.path} is gone"
        elif sha256(content) != file.sha256:
            yield f"{file.path} was edited by somebody else"
    for name, table in sorted(state.handlers.items()):
        if loaded.get(name) != normal_handler(table):
            yield f"handler {name} is not served as it was declared"
    for handler in sorted(state.runtimes):
        binary = binary_of(normal_handler(state.handlers.get(handler, {})))
        if binary and not host.files.exists(binary):
            yield f"{binary} of handler {handler} is gone"
