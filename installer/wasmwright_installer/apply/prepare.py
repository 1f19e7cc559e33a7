"""Third step: the new files as text, and the proof by the daemon itself that they do no harm.

Nothing that the daemon reads is written; the staged files lie below `/run` and go again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wasmwright_installer.apply.decide import Decision
from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.observe import Observed, dump
from wasmwright_installer.config import dump as dumps
from wasmwright_installer.config import layout, tables
from wasmwright_installer.config.layout import FilePlan, sha256
from wasmwright_installer.config.stage import staged
from wasmwright_installer.detect.handlers import Handler, normal_handler
from wasmwright_installer.errors import RefusedError
from wasmwright_installer.host.lock import RUN_FOLDER
from wasmwright_installer.host.state import State

_STAGE = f"{RUN_FOLDER}/stage"


@dataclass(frozen=True, slots=True)
class Prepared:
    """Validated files."""

    plan: FilePlan
    foreign: Mapping[str, Handler]
    """What others declare, as the daemon will load it."""

    @property
    def identity(self) -> str:
        """What a change is remembered by if it has to be undone."""
        after = {
            change.path: None if change.after is None else sha256(change.after)
            for change in self.plan.changes
        }
        return sha256(json.dumps(after, sort_keys=True).encode())


def prepare(host: Host, observed: Observed, decision: Decision) -> Prepared | None:
    """Plan the files and validate them; None = there is nothing to do about files.

    Raises:
        RefusedError: the planned files would do anything else than declare our handlers.
    """
    if not decision.must_write:
        return None
    present, daemon = observed.present, observed.daemon
    before = dump(host, daemon, present.main if present.main in present.tree else None)
    foreign = _foreign(before.document, decision.ours)
    plan = layout.plan_files(
        present,
        observed.base,
        decision.handlers,
        foreign,
        int(before.document.get("version", 2)),
    )
    if plan.writes:
        after = _dump_staged(host, observed, plan)
        ours = decision.ours | frozenset(decision.handlers)
        dumps.refuse_side_effects(before, after, decision.handlers, ours)
    return Prepared(plan, {name: normal_handler(table) for name, table in foreign.items()})


def _foreign(document: tables.Document, ours: frozenset[str]) -> dict[str, dict[str, Any]]:
    """The handlers of others as the daemon shows them; unset fields need not be written out."""
    return {
        name: {key: value for key, value in table.items() if value not in ("", 0, [], {})}
        for name, table in tables.all_runtimes(document).items()
        if name not in ours
    }


def _dump_staged(host: Host, observed: Observed, plan: FilePlan) -> dumps.Dump:
    main = observed.present.main
    if main not in plan.tree:
        return dump(host, observed.daemon, None)
    host.files.delete_tree(_STAGE)
    try:
        for path, content in staged(plan.tree, _STAGE).items():
            host.files.make_folders(path.rpartition("/")[0])
            host.files.write(path, content, mode=0o600)
        return dump(host, observed.daemon, f"{_STAGE}{main}")
    finally:
        host.files.delete_tree(_STAGE)


def refuse_known_failure(state: State, document_hash: str, identity: str) -> None:
    """Refuse a change that had to be undone before, for the same document and the same files."""
    refused = state.refused
    if refused and (refused.document, refused.config) == (document_hash, identity):
        raise RefusedError(
            f"this change was made before and had to be undone ({refused.message}); "
            "change the document, give it a new retryToken, as the annotation wasmwright.dev/retry "
            "does, or run once with --retry",
            reason="FailedBefore",
        )
