"""Part of the decision: whether files must be written and the daemon must load them, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wasmwright_installer.apply.adopt import Adoption, refuse_double
from wasmwright_installer.apply.probe import Observed
from wasmwright_installer.config import tables
from wasmwright_installer.config.files import sha256
from wasmwright_installer.detect.handlers import normal_handler

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Necessity:
    """What cannot be left undone."""

    write: bool
    activate: bool
    """Whether the daemon has to load its files anew."""
    why: str


def of_giving_back(ours: frozenset[str], observed: Observed) -> Necessity:
    """Return what an empty document makes necessary.

    Raises:
        ConflictError: somebody else declares a handler of ours, so that it could not be taken away.
    """
    for name in sorted(observed.state.handlers.keys() & tables.declared_in(observed.base.tree)):
        refuse_double(name, observed)
    served = sorted(ours & observed.loaded.handlers.keys())
    original = {**observed.base.tree, **observed.base.sources}
    has_files = bool(observed.state.files) or any(
        original.get(path) != content for path, content in observed.present.writable.items()
    )
    if served:
        return Necessity(
            write=True,
            activate=True,
            why=f"handlers {', '.join(served)} are served and no longer wanted",
        )
    return Necessity(write=has_files, activate=False, why="nothing of wasmwright is served")


def of_serving(
    wanted: Mapping[str, Table],
    declared: Mapping[str, Table],
    adopted: Adoption,
    observed: Observed,
) -> Necessity:
    """Return what wanted handlers make necessary.

    A handler that is only to be no longer declared is no reason to activate: without its binary
    nobody can use it, and the daemon's next start drops it.
    """
    loaded = observed.loaded.handlers
    missing = sorted(n for n, table in wanted.items() if loaded.get(n) != normal_handler(table))
    taken = sorted(
        name
        for name in (observed.takeover.handlers & loaded.keys()) - wanted.keys()
        if loaded[name] != normal_handler(declared.get(name, {}))
    )
    reasons = (
        (missing, "are not served as wanted"),
        (sorted(adopted.pending), "are declared by others and not loaded yet"),
        (taken, "are taken over and not wanted"),
    )
    why = " and ".join(f"handlers {', '.join(names)} {what}" for names, what in reasons if names)
    if why:
        return Necessity(write=True, activate=True, why=why)
    unwritten = [name for name, table in wanted.items() if not _is_held(name, table, observed)]
    obsolete = observed.state.handlers.keys() - declared.keys()
    why = "every wanted handler is served" if wanted else "every handler is served by others"
    must_write = bool(unwritten or obsolete or observed.takeover.places)
    return Necessity(write=must_write, activate=False, why=why)


def _is_held(name: str, table: Table, observed: Observed) -> bool:
    files, state = observed.present.writable, observed.state
    intact = all(
        file.path in files and sha256(files[file.path]) == file.sha256 for file in state.files
    )
    return bool(state.files) and intact and state.handlers.get(name) == dict(table)
