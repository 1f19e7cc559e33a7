"""A node as far as its configuration goes: files, what is remembered of them, and a daemon to ask.

It is changed as a run changes it, by the same functions in the same order, and nothing else.
"""

from pathlib import Path
from typing import Any

from oracle.mains import Main
from oracle.oracles import Oracle, content_of
from wasmwright_installer.config.base import base_of, refuse_unsupported
from wasmwright_installer.config.dump import Dump, foreign_handlers, refuse_side_effects
from wasmwright_installer.config.files import FilePlan, FileRecord, Present, drop_in_path, sha256
from wasmwright_installer.config.imports import load_order
from wasmwright_installer.config.predecessors.takeover import PREDECESSORS, left_in
from wasmwright_installer.config.predecessors.takeover import without as taken_over
from wasmwright_installer.config.stage import staged
from wasmwright_installer.config.wanted import NodeRules, handler_table
from wasmwright_installer.contract import NodeDocument
from wasmwright_installer.host.files import HostFiles
from wasmwright_installer.layouts.containerd1 import CONTAINERD_1
from wasmwright_installer.layouts.containerd2 import CONTAINERD_2
from wasmwright_installer.layouts.layout import Task, plan_files

Document = dict[str, Any]
STAGE = "/opt/stage"


class Node:
    """One node under a directory."""

    def __init__(self, root: Path, oracle: Oracle, main: Main) -> None:
        main.put(root, oracle)
        self.root = root
        self.oracle = oracle
        self.main = main.path
        self.records: dict[str, FileRecord] = {}
        self.names = frozenset[str]()
        self.handlers: dict[str, Document] = {}
        self.pristine = content_of(root)

    @property
    def files(self) -> HostFiles:
        return HostFiles(self.root)

    @property
    def content(self) -> dict[str, bytes | str]:
        return content_of(self.root)

    def dumped(self) -> Document:
        """What the daemon will load of the files as they are."""
        return self.oracle.reads(self.root, self.main).document

    def tables_of(self, document: NodeDocument) -> dict[str, Document]:
        rules = NodeRules(self.oracle.release, systemd_cgroup=True, cgroup_v2=True, has_dbus=True)
        return {
            each.handler.handler: handler_table(each.handler, rules) for each in document.runtimes
        }

    def converge(self, document: NodeDocument, *, takes_over: bool = False) -> FilePlan:
        """Make the files declare what a document asks for; the daemon judges them before."""
        wanted = self.tables_of(document)
        present = self._present()
        base = base_of(present)
        ours = frozenset(self.handlers)
        if takes_over:
            base = taken_over(base, PREDECESSORS.values(), {})
            ours |= self.of_predecessors()
        refuse_unsupported(base, self.main, present.major)
        before = self.oracle.reads(self.root, self.main).dump
        defaults = foreign_handlers(before.document, ours)
        task = Task(present, base, wanted, defaults, int(before.document["version"]))
        plan = plan_files(CONTAINERD_1 if present.major == 1 else CONTAINERD_2, task)
        if plan.writes:
            refuse_side_effects(before, self._staged(plan), wanted, ours | wanted.keys())
            self._commit(plan)
        self.handlers = wanted
        return plan

    def of_predecessors(self) -> frozenset[str]:
        """The handlers that KWasm and runtime-class-manager left."""
        tree = self._present().tree
        left = (entry for one in PREDECESSORS.values() for entry in left_in(tree, one, {}))
        return frozenset(entry.handler for entry in left)

    def _present(self) -> Present:
        return Present(
            main=self.main,
            tree=load_order(self.main, self.files.read, self.files.glob),
            major=self.oracle.version.major,
            records=self.records,
            names=self.names,
            drop_in=self.files.read(drop_in_path(self.main)),
        )

    def _staged(self, plan: FilePlan) -> Dump:
        if self.main not in plan.tree:
            return Dump.parse(self.oracle.defaults(self.root), "")
        try:
            for path, content in staged(plan.tree, STAGE).items():
                self.files.make_folders(path.rpartition("/")[0])
                self.files.write(path, content)
            return self.oracle.reads_staged(self.root, STAGE, self.main).dump
        finally:
            self.files.delete_tree(STAGE)

    def _commit(self, plan: FilePlan) -> None:
        for change in plan.writes:
            if change.after is None:
                self.files.delete(change.path)
            else:
                self.files.make_folders(change.path.rpartition("/")[0])
                self.files.write(change.path, change.after)
        self.records = {
            change.path: FileRecord(change.path, sha256(change.after), change.original)
            for change in plan.changes
            if change.after is not None and change.after != change.original
        }
        self.names = plan.names

    def forget(self) -> None:
        """Lose all that is remembered."""
        self.records, self.names = {}, frozenset()

    def edit(self, path: str, content: bytes | None) -> None:
        """Somebody else writes a file, or removes it."""
        if content is None:
            self.files.delete(path)
        else:
            self.files.make_folders(path.rpartition("/")[0])
            self.files.write(path, content)


def without(document: Document, ours: frozenset[str]) -> Document:
    """Return a dump without our handlers, and without the list of files that it was read from."""
    plugins = {name: _without(plugin, ours) for name, plugin in document["plugins"].items()}
    rest = {key: value for key, value in document.items() if key != "imports"}
    return {**rest, "plugins": plugins}


def _without(plugin: Document, ours: frozenset[str]) -> Document:
    part = plugin.get("containerd", {})
    if "runtimes" not in part:
        return plugin
    others = {name: table for name, table in part["runtimes"].items() if name not in ours}
    return {**plugin, "containerd": {**part, "runtimes": others}}


def handlers_in(document: Document) -> Document:
    """Return the handlers of a dump, in whichever table it shows them."""
    found: Document = {}
    for plugin in document["plugins"].values():
        found.update(plugin.get("containerd", {}).get("runtimes") or {})
    return found


def changed(before: Document, after: Document) -> dict[str, tuple[object, object]]:
    """Return where two documents differ: dotted key -> both values."""
    found: dict[str, tuple[object, object]] = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            found |= {f"{key}.{inner}": pair for inner, pair in changed(old, new).items()}
        elif old != new:
            found[key] = (old, new)
    return found
