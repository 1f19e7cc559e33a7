"""`plan` and `status`: what a run would do, and what is there, as data for people and programs."""

import difflib
from collections.abc import Iterable

from wasmwright_installer.apply.decide import own_handlers
from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.intent import Intent
from wasmwright_installer.apply.probe import Observed, observe
from wasmwright_installer.apply.result import node_fields
from wasmwright_installer.apply.run import look
from wasmwright_installer.config.files import FileChange, sha256
from wasmwright_installer.contract import (
    ChangedFile,
    HandlerStatus,
    HostStatus,
    NodeDocument,
    PlanReport,
)
from wasmwright_installer.detect.handlers import binary_of, normal_handler, program_of
from wasmwright_installer.host.facts import node_facts


def explain_plan(host: Host, document: NodeDocument) -> PlanReport:
    """Return what `apply` would do with a document; nothing is changed.

    Raises:
        InstallerError: `apply` would be refused.
    """
    intent = look(host, document)
    return _report(intent)


def _report(intent: Intent) -> PlanReport:
    observed, decision, planned = intent.observed, intent.decision, intent.planned
    loaded = observed.loaded.handlers
    writes = planned.files.writes if planned else ()
    gone = decision.ours & loaded.keys() if decision.gives_back else frozenset[str]()
    declared = {name: normal_handler(table) for name, table in decision.handlers.items()}
    effective = declared if decision.must_activate else {}
    return PlanReport(
        files=tuple(ChangedFile(path=each.path, diff=_diff(each)) for each in writes),
        layout=planned.files.reason if planned else "",
        links={change.path: change.after for change in intent.links.changes},
        obsolete_links=intent.links.obsolete,
        handlers_added=tuple(sorted(effective.keys() - loaded.keys())),
        handlers_changed=tuple(
            sorted(n for n in effective.keys() & loaded.keys() if effective[n] != loaded[n])
        ),
        handlers_removed=tuple(sorted(gone)),
        handlers_adopted=tuple(sorted(decision.adopted)),
        restart=decision.must_restart,
        why=decision.why,
        pods_lost=intent.usage.lost,
        runtimes_in_use=dict(intent.usage.removed_in_use),
        warnings=(*decision.warnings, *(planned.files.warnings if planned else ())),
        **node_fields(observed),
    )


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
