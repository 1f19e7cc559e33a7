"""The configuration as it would be without us, from which every plan starts.

That is either the exact bytes of before our first change or, when somebody else edited since, the
present text with our part taken out. So a plan never piles one edit upon another, and giving the
node back is the base itself.
"""

from wasmwright_installer.config import imports, in_place, tables, template
from wasmwright_installer.config.files import (
    DROP_IN,
    Base,
    Present,
    foreign_file,
    has_own_name,
    is_made,
    is_own_file,
    sha256,
)
from wasmwright_installer.config.imports import own_glob
from wasmwright_installer.config.tables import GRPC_TABLE, RUNTIME_TABLE, Document
from wasmwright_installer.errors import UnsupportedNodeError


def base_of(present: Present) -> Base:
    """Return the configuration without our part.

    Raises:
        ConflictError: somebody wrote between our marks, or put another file in our file's place.
    """
    warnings: list[str] = []
    tree = _originals(present, dict(present.tree), warnings)
    sources = _originals(present, dict(present.sources), warnings)
    return Base(tree, sources, tuple(warnings))


def _originals(present: Present, files: dict[str, bytes], warnings: list[str]) -> dict[str, bytes]:
    originals: dict[str, bytes] = {}
    for path, content in files.items():
        record = present.records.get(path)
        if record is not None and record.sha256 == sha256(content):
            original = record.original
        else:
            original = _without_us(present, path, content)
            edited = record is not None or original != content
            if edited and path not in present.rendered:
                warnings.append(f"{path} was edited by somebody else since wasmwright changed it")
        if original is not None:
            originals[path] = original
    return originals


def _without_us(present: Present, path: str, content: bytes) -> bytes | None:
    if is_own_file(path, content):
        return None
    if has_own_name(path) and path != present.main:
        raise foreign_file(path)
    if path in present.sources:
        return template.take_out(path, content, present.names)
    for table in (GRPC_TABLE, RUNTIME_TABLE):
        content = in_place.take_out(path, content, table, _names(present))
    content = imports.leave(path, content, own_glob(present.main))
    return None if path == present.main and is_made(content) else content


def _names(present: Present) -> frozenset[str]:
    """What we declared; should the record be lost, what our own file says.

    A supervisor that merges our file into one of its own keeps neither marks nor comments.
    """
    if present.names:
        return present.names
    own = (text for path, text in present.sources.items() if is_own_file(path, text))
    found = (tables.all_runtimes(tables.parse(DROP_IN, text)) for text in own)
    return frozenset(name for handlers in found for name in handlers)


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
    if document.get("version", 1) == 1 and _has_old_names(document, major):
        raise UnsupportedNodeError(
            f"{main} is written in schema 1 (it says no version = 2 or newer), in which handlers "
            "have another place; rewrite it in schema 2 and run again",
            reason="SchemaV1",
        )


def _has_old_names(document: Document, major: int) -> bool:
    """Tell whether schema 1 is meant: 2.x also takes the full names without a version."""
    if major == 1:
        return bool(document)
    return any("." not in name for name in document.get("plugins", {}))
