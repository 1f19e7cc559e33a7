"""The one object that a run prints."""

from wasmwright_installer.apply.intent import Intent, Outcome
from wasmwright_installer.apply.probe import Observed
from wasmwright_installer.contract import (
    ApplyResult,
    ExitCode,
    NodeDocument,
    RuntimeResult,
    RuntimeState,
    desired_hash,
)


def identity_of(document: NodeDocument) -> str:
    """Return the document's hash, computed if its author left it out."""
    return document.hash or desired_hash(document.runtimes)


def attempt_of(document: NodeDocument) -> str:
    """Return what a failed change is remembered under: somebody's new token makes it another."""
    return f"{identity_of(document)}/{document.retry_token}".rstrip("/")


def success(
    document: NodeDocument, intent: Intent, outcome: Outcome, permitted: tuple[str, ...]
) -> ApplyResult:
    """Return what a run that reached its goal says."""
    observed, decision = intent.observed, intent.decision
    plan_warnings = intent.planned.files.warnings if intent.planned else ()
    count = len(document.runtimes)
    noun = "runtime" if count == 1 else "runtimes"
    message = f"{count} {noun} ready" if count else "nothing of wasmwright is left on this node"
    return ApplyResult(
        exit_code=ExitCode.DONE,
        reason="Ready" if count else "Removed",
        message=f"{message}; {observed.daemon.runtime} was restarted once"
        if outcome.restarted
        else message,
        hash=identity_of(document),
        changed=outcome.changed,
        restarted=outcome.restarted,
        unavailable_ms=outcome.unavailable_ms,
        orphans=outcome.orphans,
        runtimes=_runtime_results(document, intent),
        handlers=tuple(sorted(outcome.loaded.handlers)),
        warnings=(*decision.warnings, *plan_warnings, *permitted, *outcome.warnings),
        stored=outcome.stored,
        leftovers=outcome.leftovers,
        **node_fields(observed),
    )


def node_fields(observed: Observed) -> dict[str, str]:
    """Return what a result says of the node."""
    return {
        "machine_id": observed.node.machine_id,
        "boot_id": observed.node.boot_id,
        "container_runtime": f"{observed.daemon.runtime}://{observed.daemon.version.text}",
        "distribution": observed.node.distribution,
        "config_file": observed.daemon.config_path,
        "plugin_table": observed.layout.table(observed.base.tree, observed.daemon.version.major),
    }


def _runtime_results(document: NodeDocument, intent: Intent) -> tuple[RuntimeResult, ...]:
    ready = (
        RuntimeResult(
            name=entry.name,
            handler=entry.handler.handler,
            version=entry.version,
            digest=entry.source.digest,
            state=RuntimeState.READY,
            message="declared by somebody else, adopted"
            if entry.handler.handler in intent.decision.adopted
            else "",
        )
        for entry in document.runtimes
    )
    known = intent.observed.state.runtimes
    gone = (
        RuntimeResult(
            name=known[handler].name if handler in known else handler,
            handler=handler,
            state=RuntimeState.REMOVED,
        )
        for handler in sorted(intent.links.removed)
    )
    return (*ready, *gone)
