"""Third step: the new files as text, by the layout of this node; nothing is written yet."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from wasmwright_installer.apply.decide import Decision
from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.probe import Observed, dump
from wasmwright_installer.config.dump import Dump, foreign_handlers
from wasmwright_installer.config.files import FilePlan, sha256
from wasmwright_installer.detect.handlers import Handler, normal_handler
from wasmwright_installer.layouts.layout import Task, plan_files


@dataclass(frozen=True, slots=True)
class Planned:
    """The files of a run."""

    files: FilePlan
    before: Dump
    """How the daemon understands the present files."""
    foreign: Mapping[str, Handler]
    """What others declare, as the daemon will load it."""

    @property
    def identity(self) -> str:
        """What a change is remembered by if it has to be undone."""
        after = {
            change.path: None if change.after is None else sha256(change.after)
            for change in self.files.changes
        }
        return sha256(json.dumps(after, sort_keys=True).encode())


def plan(host: Host, observed: Observed, decision: Decision) -> Planned | None:
    """Plan the files; None = there is nothing to do about files."""
    if not decision.must_write:
        return None
    present, daemon = observed.present, observed.daemon
    before = dump(host, observed.layout, daemon, present.tree)
    foreign = foreign_handlers(before.document, decision.ours)
    task = Task(
        present=present,
        base=observed.base,
        handlers=decision.handlers,
        defaults=foreign,
        schema=int(before.document.get("version", 2)),
    )
    files = plan_files(observed.layout, task)
    return Planned(files, before, {name: normal_handler(table) for name, table in foreign.items()})
