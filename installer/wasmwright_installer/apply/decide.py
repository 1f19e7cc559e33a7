"""Second step, pure: what is to be declared and linked, and whether the daemon must restart.

The document says what the node is to have, the daemon what it serves, the files what it will serve
after its next start. Files are written when either of the last two lacks something; the daemon
is made to load them only when the first of them does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from wasmwright_installer.apply import necessity
from wasmwright_installer.apply.adopt import adoption
from wasmwright_installer.apply.probe import Observed
from wasmwright_installer.config import tables
from wasmwright_installer.config.crio import monitor_settings
from wasmwright_installer.config.wanted import NodeRules, handler_table, option_warnings
from wasmwright_installer.contract import NodeDocument
from wasmwright_installer.detect.handlers import (
    Handler,
    binary_of,
    normal_handler,
    uses_systemd_cgroup,
)
from wasmwright_installer.errors import UnsupportedNodeError
from wasmwright_installer.home import own_handler
from wasmwright_installer.layouts.layout import Activation

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a run is to do, before any text is written."""

    wanted: Mapping[str, Table]
    """Handlers of the document that are declared by us."""
    adopted: frozenset[str]
    """Handlers of the document that somebody else declares just so."""
    pending: Mapping[str, Handler]
    """Those of them that are not loaded yet, as they will be served."""
    handlers: Mapping[str, Table]
    """Everything to declare when the files are written; nothing = give the node back."""
    ours: frozenset[str]
    """Handlers that we declared before this run, and those that we take over in it."""
    must_write: bool
    must_activate: bool
    """Whether the daemon has to load its files anew."""
    must_restart: bool
    """Whether it stops for that."""
    why: str
    surviving: frozenset[str]
    """Handlers whose pods live through a restart."""
    warnings: tuple[str, ...] = field(default=())


def decide(document: NodeDocument, observed: Observed) -> Decision:
    """Compare a document with a host.

    Raises:
        UnsupportedNodeError: a handler of the document fits no daemon of this kind.
        ConflictError: a handler of the document is declared by somebody else, differently.
    """
    _refuse_misfits(document, observed)
    own = own_handlers(observed)
    ours = own | observed.takeover.handlers
    rules = _rules(observed)
    adopted = adoption(document, observed, ours, rules)
    wanted = {
        entry.handler.handler: handler_table(entry.handler, rules)
        for entry in document.runtimes
        if entry.handler.handler not in adopted.names
    }
    kept = _kept_tables(observed, own) | _ahead(document, observed, rules, ours)
    declared = {**(kept if observed.layout.declares_ahead else {}), **wanted}
    needed = (
        necessity.of_serving(wanted, declared, adopted, observed)
        if document.runtimes
        else necessity.of_giving_back(ours, observed)
    )
    activation = observed.layout.activation
    must_activate = needed.activate or (needed.write and activation is Activation.WAIT)
    must_restart = must_activate and activation is not Activation.RELOAD
    caution = observed.layout.caution(observed.daemon) if must_restart else ""
    return Decision(
        wanted=wanted,
        adopted=adopted.names,
        pending=adopted.pending,
        handlers=dict(sorted(declared.items())) if document.runtimes else {},
        ours=ours,
        must_write=needed.write,
        must_activate=must_activate,
        must_restart=must_restart,
        why=f"{needed.why}; {caution}" if caution else needed.why,
        surviving=_surviving(document, observed),
        warnings=(
            *(
                warning
                for entry in document.runtimes
                for warning in option_warnings(entry.handler, rules)
            ),
            *_left_out(document, observed),
            *((caution,) if caution else ()),
        ),
    )


def _refuse_misfits(document: NodeDocument, observed: Observed) -> None:
    for entry in document.runtimes:
        why = observed.layout.misfit(entry.handler)
        if why:
            raise UnsupportedNodeError(
                f"runtime {entry.name!r}: {why}", reason="UnsupportedRuntimeForCRI"
            )


def _left_out(document: NodeDocument, observed: Observed) -> Iterator[str]:
    for entry in document.declared:
        why = observed.layout.misfit(entry)
        if why:
            yield f"{why}; it is not declared on this node"


def own_handlers(observed: Observed) -> frozenset[str]:
    """What we declared: by our record, and by files and daemon should the record be lost."""
    foreign = tables.declared_in(observed.base.tree)
    declared = tables.declared_in(observed.present.tree)
    seen = {name: normal_handler(table) for name, table in declared.items()}
    named = {
        name
        for name, handler in (*seen.items(), *observed.loaded.handlers.items())
        if name not in foreign and own_handler(binary_of(handler)) == name
    }
    return frozenset(observed.state.handlers) | named


def _rules(observed: Observed) -> NodeRules:
    version = observed.daemon.version
    return NodeRules(
        version=(version.major, version.minor),
        systemd_cgroup=uses_systemd_cgroup(observed.loaded),
        cgroup_v2=observed.node.cgroup_v2,
        has_dbus=observed.node.has_dbus,
        home=observed.home,
        runtime=observed.daemon.runtime,
        monitor=monitor_settings(observed.base.tree, observed.loaded.default),
    )


def _ahead(
    document: NodeDocument, observed: Observed, rules: NodeRules, ours: frozenset[str]
) -> dict[str, Table]:
    """What the cluster knows, save for names that others use."""
    others = tables.declared_in(observed.base.tree).keys() | observed.loaded.handlers.keys() - ours
    return {
        entry.handler: handler_table(entry, rules)
        for entry in document.declared
        if entry.handler not in others
    }


def _kept_tables(observed: Observed, ours: frozenset[str]) -> dict[str, Table]:
    in_files = tables.declared_in(observed.present.tree)
    return {
        name: observed.state.handlers.get(name) or in_files[name]
        for name in sorted(ours)
        if name in observed.state.handlers or name in in_files
    }


def _surviving(document: NodeDocument, observed: Observed) -> frozenset[str]:
    entries = (*document.declared, *(runtime.handler for runtime in document.runtimes))
    known = {entry.handler: entry.pods_survive_restart for entry in entries}
    kept = {name for name in observed.state.surviving if name not in known}
    return frozenset(kept | {name for name, survives in known.items() if survives})
