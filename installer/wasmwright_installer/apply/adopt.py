"""Handlers of the document that somebody else declares: taken as they are, or in the way. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wasmwright_installer.apply.probe import Observed
from wasmwright_installer.config import tables
from wasmwright_installer.config.files import without_rendered
from wasmwright_installer.config.predecessors.predecessor import Predecessor, shim_name
from wasmwright_installer.config.predecessors.takeover import PREDECESSORS, left_in
from wasmwright_installer.config.wanted import NodeRules, handler_table
from wasmwright_installer.contract import ADOPTABLE, NodeDocument, RuntimeEntry
from wasmwright_installer.detect.handlers import Handler, binary_of, normal_handler
from wasmwright_installer.errors import ConflictError

Table = Mapping[str, Any]

_SEARCH_PATH = ("/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/")
"""Where systemd lets a service's programs be found."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """Handlers of the document that somebody else declares just so."""

    served: frozenset[str]
    pending: Mapping[str, Handler]
    """Those that stand in the files, but are not loaded yet."""

    @property
    def names(self) -> frozenset[str]:
        """All of them."""
        return self.served | self.pending.keys()


def adoption(
    document: NodeDocument, observed: Observed, ours: frozenset[str], rules: NodeRules
) -> Adoption:
    """Find the handlers that need no declaration of ours.

    One that is served, but that no file declares any more, is gone after the daemon's next start;
    so it is declared as if nobody had it.

    Raises:
        ConflictError: a handler is declared by somebody else, differently.
    """
    declared = tables.declared_in(observed.base.tree)
    effective = _effective(observed)
    served, pending = set(), {}
    for entry in document.runtimes:
        name = entry.handler.handler
        if name in ours and name in declared:
            refuse_double(name, observed)
        if name in ours or name not in (declared.keys() | observed.loaded.handlers.keys()):
            continue
        table = handler_table(entry.handler, rules)
        loaded = observed.loaded.handlers.get(name)
        if loaded is not None and _is_equal(entry, loaded, table):
            served |= {name} & declared.keys()
        elif loaded is None and name in effective and _is_equal(entry, effective[name], table):
            pending[name] = effective[name]
        else:
            raise _conflict(entry, observed)
    return Adoption(frozenset(served), pending)


def _effective(observed: Observed) -> dict[str, Handler]:
    """Handlers in the table that the daemon takes; it ignores those in the other one."""
    table = observed.layout.table(observed.base.tree, observed.daemon.version.major)
    found: dict[str, Handler] = {}
    for path, content in observed.base.tree.items():
        runtimes = tables.runtimes(tables.parse(path, content), table) or {}
        found.update({name: normal_handler(each) for name, each in runtimes.items()})
    return found


def _is_equal(entry: RuntimeEntry, handler: Handler, table: Table) -> bool:
    """A declaration that leads straight to a binary of the host is as good as our own link.

    So is a shim named by its type, when containerd finds that very binary on its search path.
    """
    host = entry.source.host_path
    link = binary_of(normal_handler(table))
    targets = [link] if host is None else [link, host.path, *_type_of(host.path, handler)]
    return any(handler == normal_handler(_replaced(table, link, each)) for each in targets)


def _type_of(path: str, handler: Handler) -> list[str]:
    runtime_type = str(handler.get("runtimetype", ""))
    folder, _, name = path.rpartition("/")
    is_found = f"{folder}/" in _SEARCH_PATH and shim_name(runtime_type) == name
    return [runtime_type] if is_found else []


def _replaced(table: Table, old: str, new: str) -> dict[str, Any]:
    return {
        key: _replaced(value, old, new)
        if isinstance(value, Mapping)
        else new
        if value == old
        else value
        for key, value in table.items()
    }


def refuse_double(name: str, observed: Observed) -> None:
    """Refuse to go on where somebody declared a handler of ours a second time.

    Raises:
        ConflictError: always.
    """
    raise ConflictError(
        f"handler {name!r} of wasmwright is declared by somebody else too, in "
        f"{foreign_place(name, observed)}; take that declaration out and run again",
        reason="ForeignHandler",
    )


def _conflict(entry: RuntimeEntry, observed: Observed) -> ConflictError:
    name = entry.handler.handler
    loaded = observed.loaded.handlers.get(name)
    how = " and not loaded yet" if loaded is None else f" as {dict(loaded)}"
    predecessor = _predecessor(name, observed)
    owner = predecessor.title if predecessor else "somebody else"
    way_out = f'say "takeOver": ["{predecessor.name}"] in the document, ' if predecessor else ""
    return ConflictError(
        f"handler {name!r} is declared by {owner} in "
        f"{foreign_place(name, observed) or 'no file that was found'}{how}; {way_out}"
        f"give runtime {entry.name!r} another handler, or take that declaration out",
        reason=ADOPTABLE if predecessor else "ForeignHandler",
    )


def _predecessor(name: str, observed: Observed) -> Predecessor | None:
    """Return the predecessor that declares a handler."""
    base = observed.base
    files = without_rendered(observed.present, base.tree) | dict(base.sources)
    for predecessor in PREDECESSORS.values():
        left = left_in(files, predecessor, observed.links)
        if any(each.handler == name for each in left):
            return predecessor
    return None


def foreign_place(name: str, observed: Observed) -> str:
    """Return the file and line where somebody else declares a handler, or ""."""
    for path, content in observed.base.tree.items():
        if name in tables.all_runtimes(tables.parse(path, content)):
            line = tables.handler_line(content.decode(), name)
            return f"{path}:{line}" if line else path
    return ""
