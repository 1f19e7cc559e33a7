"""Which files to write so that containerd serves our handlers: one row per kind of configuration.

Every plan starts from the files as they would be without us ("base"), which is either the exact
bytes of before our first change or, when somebody else edited since, the present text with our part
taken out. So a plan never piles one edit upon another, and giving the node back is the base itself.
"""

import hashlib
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wasmwright_installer.config import imports, in_place, tables
from wasmwright_installer.config.tables import GRPC_TABLE, RUNTIME_TABLE
from wasmwright_installer.errors import ConflictError, UnsupportedNodeError

DROP_IN = "wasmwright.toml"
DROP_IN_GLOB = "wasmwright*.toml"
"""Imported instead of the file itself: a glob may match nothing, so no order of writing or removing
leaves a configuration that the daemon refuses; and it reads nobody else's files."""

HEADER = "# Written by wasmwright-installer, which rewrites and removes this file."

Handlers = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What an earlier run left of a file."""

    path: str
    sha256: str
    """Of the bytes that we wrote."""
    original: bytes | None
    """The bytes before our first change; None = the file did not exist."""


@dataclass(frozen=True, slots=True)
class Present:
    """The configuration as it is now."""

    main: str
    tree: Mapping[str, bytes]
    """Every file that the daemon reads, in its order."""
    major: int
    records: Mapping[str, FileRecord]
    names: frozenset[str]
    """Every name that we declared, the default runtimes that we wrote out among them."""
    drop_in: bytes | None = None
    """Our own file beside the main one, even if nothing imports it."""


@dataclass(frozen=True, slots=True)
class Base:
    """The configuration as it would be without us."""

    tree: Mapping[str, bytes]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that holds something of ours, before or after."""

    path: str
    before: bytes | None
    after: bytes | None
    original: bytes | None

    @property
    def is_write(self) -> bool:
        """Whether the bytes differ from what is there."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class FilePlan:
    """The files to write, in an order in which each step leaves a valid configuration."""

    changes: tuple[FileChange, ...]
    tree: Mapping[str, bytes]
    """Every file that the daemon will read."""
    table: str
    names: frozenset[str]
    """Every name that these files declare for us."""
    reason: str
    warnings: tuple[str, ...]

    @property
    def writes(self) -> tuple[FileChange, ...]:
        """The changes that change bytes."""
        return tuple(change for change in self.changes if change.is_write)


def sha256(content: bytes) -> str:
    """Return the digest that files are compared by."""
    return hashlib.sha256(content).hexdigest()


def drop_in_path(main: str) -> str:
    """Return where our own file goes when no glob of the configuration reaches a place already."""
    return posixpath.join(posixpath.dirname(main), "conf.d", DROP_IN)


def own_glob(main: str) -> str:
    """Return the import that reaches our own file."""
    return posixpath.join(posixpath.dirname(main), "conf.d", DROP_IN_GLOB)


def is_own_file(path: str, content: bytes) -> bool:
    """Tell our drop-in from a foreign file of the same name."""
    return posixpath.basename(path) == DROP_IN and content.startswith(HEADER.encode())


def base_of(present: Present) -> Base:
    """Return the configuration without our part.

    Raises:
        ConflictError: somebody wrote between our marks, or put another file in our file's place.
    """
    tree: dict[str, bytes] = {}
    warnings: list[str] = []
    for path, content in present.tree.items():
        record = present.records.get(path)
        if record is not None and record.sha256 == sha256(content):
            original = record.original
        else:
            original = _without_us(present, path, content)
            if record is not None or original != content:
                warnings.append(f"{path} was edited by somebody else since wasmwright changed it")
        if original is not None:
            tree[path] = original
    return Base(tree, tuple(warnings))


def _without_us(present: Present, path: str, content: bytes) -> bytes | None:
    if is_own_file(path, content):
        return None
    if posixpath.basename(path) == DROP_IN and path != present.main:
        raise _foreign_file(path)
    for table in (GRPC_TABLE, RUNTIME_TABLE):
        content = in_place.take_out(path, content, table, present.names)
    return imports.leave(path, content, own_glob(present.main))


def _foreign_file(path: str) -> ConflictError:
    return ConflictError(
        f"{path} exists and was not written by wasmwright; move it away and run again",
        reason="ForeignFile",
    )


def table_in_use(base: Base, major: int) -> str:
    """Return the plugin table whose handlers the daemon takes, by what the files hold.

    The schema number does not decide: a file of schema 2 may hold the newer table, and containerd
    2.x takes handlers of the older one only where no file has any in the newer one.
    """
    if major == 1:
        return GRPC_TABLE
    documents = [tables.parse(path, content) for path, content in base.tree.items()]
    for holds in (tables.runtimes, tables.plugin):
        for table in (RUNTIME_TABLE, GRPC_TABLE):
            if any(holds(document, table) is not None for document in documents):
                return table
    return RUNTIME_TABLE


def plan_files(
    present: Present, base: Base, handlers: Handlers, defaults: Handlers, schema: int
) -> FilePlan:
    """Plan the files that declare these handlers; none at all gives the node back.

    Args:
        present: the configuration as it is.
        base: the same without us.
        handlers: every handler that is to be declared for us.
        defaults: what the daemon serves without us, to be written out where it would be lost.
        schema: the newest schema that the daemon's binary knows.
    """
    if not handlers:
        return _plan(present, base, dict(base.tree), RUNTIME_TABLE, handlers, "nothing is wanted")
    if present.major == 1:
        return _edit_in_place(present, base, handlers, defaults)
    return _write_drop_in(present, base, handlers, schema)


def _edit_in_place(
    present: Present, base: Base, handlers: Handlers, defaults: Handlers
) -> FilePlan:
    holders = [
        path
        for path, content in base.tree.items()
        if tables.plugin(tables.parse(path, content), GRPC_TABLE) is not None
    ]
    path = holders[-1] if holders else present.main
    content = base.tree.get(path, b"")
    declared = tables.runtimes(tables.parse(path, content), GRPC_TABLE)
    reason = f"containerd 1.x replaces tables across files, so {path} is edited in place"
    if declared is None:
        handlers = {**defaults, **handlers}
        reason += "; the default runtimes are written out, since it declares none"
    after = {**base.tree, path: in_place.add(path, content, GRPC_TABLE, handlers)}
    return _plan(present, base, after, GRPC_TABLE, handlers, reason)


def _write_drop_in(present: Present, base: Base, handlers: Handlers, schema: int) -> FilePlan:
    table = table_in_use(base, present.major)
    after = dict(base.tree)
    path = imports.reaching_glob(DROP_IN, base.tree)
    if path:
        reason = f"containerd 2.x merges files, and an import reaches {path} already"
    else:
        path = drop_in_path(present.main)
        if present.drop_in is not None and not is_own_file(path, present.drop_in):
            raise _foreign_file(path)
        reason = f"containerd 2.x merges files, so {path} is written and imported"
        main = base.tree.get(present.main, f"version = {min(schema, 3)}\n".encode())
        after[present.main] = imports.join(present.main, main, own_glob(present.main))
    lines = [HEADER]
    for name, body in handlers.items():
        lines += tables.render_handler(table, name, body)
    after[path] = "".join(f"{line}\n" for line in lines).encode()
    return _plan(present, base, after, table, handlers, reason)


def _plan(
    present: Present, base: Base, after: dict[str, bytes], table: str, handlers: Handlers, why: str
) -> FilePlan:
    before = dict(present.tree)
    if present.drop_in is not None:
        before.setdefault(drop_in_path(present.main), present.drop_in)
    changes = [
        FileChange(path, before.get(path), after.get(path), base.tree.get(path))
        for path in sorted(before.keys() | after.keys())
        if not before.get(path) == after.get(path) == base.tree.get(path)
    ]
    return FilePlan(
        changes=tuple(sorted(changes, key=lambda change: _step(present, change))),
        tree=after,
        table=table,
        names=frozenset(handlers),
        reason=why,
        warnings=base.warnings,
    )


def _step(present: Present, change: FileChange) -> int:
    """Put writes before the main file, which makes them count, and removals behind it."""
    if change.path == present.main:
        return 1
    return 0 if change.after is not None else 2


def refuse_unsupported(base: Base, main: str, major: int) -> None:
    """Refuse a main file that switches the CRI off or is written in schema 1."""
    if main not in base.tree:
        return
    document = tables.parse(main, base.tree[main])
    disabled = {str(item) for item in document.get("disabled_plugins", ())}
    if disabled & {"cri", GRPC_TABLE, RUNTIME_TABLE}:
        raise UnsupportedNodeError(
            f"{main} switches the CRI plugin off (disabled_plugins); Kubernetes cannot use this "
            "containerd, so take the entry out and restart containerd first",
            reason="CRIDisabled",
        )
    if document.get("version", 1) == 1 and (document if major == 1 else document.get("plugins")):
        raise UnsupportedNodeError(
            f"{main} is written in schema 1 (it says no version = 2 or newer), in which handlers "
            "have another place; rewrite it in schema 2 and run again",
            reason="SchemaV1",
        )
