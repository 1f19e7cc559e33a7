"""Which files a configuration reads, and how one more is made known to it.

containerd loads the main file, then its imports in breadth-first order; a relative path counts from
the importing file, one with a `*` is a glob that may match nothing, any other must exist.
"""

import posixpath
import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array

from wasmwright_installer.config.tables import Document, parse
from wasmwright_installer.config.text import Lines, parses_to
from wasmwright_installer.errors import RefusedError

_VERSION_LINE = re.compile(rb"^[ \t]*version[ \t]*=[^\n]*(?:\n|\Z)", re.MULTILINE)


def patterns(path: str, document: Document) -> tuple[str, ...]:
    """Return a document's imports as absolute paths and globs, in order."""
    declared = document.get("imports") or ()
    folder = posixpath.dirname(path)
    return tuple(posixpath.normpath(posixpath.join(folder, str(item))) for item in declared)


def is_glob(pattern: str) -> bool:
    """Tell whether containerd expands a path: only `*` counts for it."""
    return "*" in pattern


def matches(pattern: str, path: str) -> bool:
    """Tell whether an import reaches a file; only the last part of a glob is looked at."""
    same_folder = posixpath.dirname(pattern) == posixpath.dirname(path)
    return same_folder and fnmatchcase(posixpath.basename(path), posixpath.basename(pattern))


def load_order(
    main: str, read: Callable[[str], bytes | None], expand: Callable[[str], list[str]]
) -> dict[str, bytes]:
    """Return every file that containerd reads, in its order, with its content.

    Args:
        main: the file given to the daemon; one that does not exist yields nothing.
        read: content of a file, or None.
        expand: the files that a glob matches, sorted.

    Raises:
        RefusedError: a file is no TOML, or a literal import does not exist.
    """
    loaded: dict[str, bytes] = {}
    pending = [(main, "")]
    while pending:
        path, parent = pending.pop(0)
        content = None if path in loaded else read(path)
        if content is None:
            if path not in loaded and parent:
                raise RefusedError(
                    f"{parent} imports {path}, which does not exist, so containerd cannot start "
                    "again; create the file or take the import out",
                    reason="DanglingImport",
                )
            continue
        loaded[path] = content
        for pattern in patterns(path, parse(path, content)):
            found = expand(pattern) if is_glob(pattern) else [pattern]
            pending += [(item, path) for item in found]
    return loaded


def reaching_glob(name: str, tree: Mapping[str, bytes]) -> str:
    """Return where a file of this name is already read by a glob of the tree, or ""."""
    for path, content in tree.items():
        for pattern in patterns(path, parse(path, content)):
            folder = posixpath.dirname(pattern)
            candidate = posixpath.join(folder, name)
            if is_glob(pattern) and not is_glob(folder) and matches(pattern, candidate):
                return candidate
    return ""


def join(path: str, content: bytes, pattern: str) -> bytes:
    """Add a pattern to a file's imports; everything else stays as it stands, byte for byte."""
    document = parse(path, content)
    wanted = {**document, "imports": [*document.get("imports", ()), pattern]}
    edits = (_new_line_after_version, _new_first_line, _append_to_array)
    for edit in edits:
        edited = edit(content, pattern)
        if edited is not None and parses_to(edited, wanted):
            return edited
    raise RefusedError(
        f"no way was found to add {pattern!r} to the imports of {path}; "
        "add it by hand and run again",
        reason="ImportsUnreadable",
    )


def leave(path: str, content: bytes, pattern: str) -> bytes:
    """Take a pattern out of a file's imports; the key goes too when `join` made it."""
    document = parse(path, content)
    rest = [item for item in document.get("imports", ()) if item != pattern]
    if len(rest) == len(document.get("imports", ())):
        return content
    wanted = {key: value for key, value in document.items() if key != "imports" or rest}
    without_line = content.replace(_line(content, pattern), b"", 1)
    if parses_to(without_line, wanted):
        return without_line
    edited = _remove_from_array(content, pattern)
    if edited is not None and parses_to(edited, {**document, "imports": rest}):
        return edited
    raise RefusedError(
        f"{pattern!r} cannot be taken out of the imports of {path}; take it out by hand",
        reason="ImportsUnreadable",
    )


def _line(content: bytes, pattern: str) -> bytes:
    return f'imports = ["{pattern}"]'.encode() + Lines.of(content).ending


def _new_line_after_version(content: bytes, pattern: str) -> bytes | None:
    found = _VERSION_LINE.search(content)
    if found is None or not found[0].endswith(b"\n"):
        return None
    return content[: found.end()] + _line(content, pattern) + content[found.end() :]


def _new_first_line(content: bytes, pattern: str) -> bytes:
    return _line(content, pattern) + content


def _append_to_array(content: bytes, pattern: str) -> bytes | None:
    return _edit_array(content, lambda array: array.append(pattern))


def _remove_from_array(content: bytes, pattern: str) -> bytes | None:
    return _edit_array(content, lambda array: array.remove(pattern))


def _edit_array(content: bytes, edit: Callable[[Any], None]) -> bytes | None:
    try:
        document = tomlkit.parse(content.decode())
    except TOMLKitError:
        return None
    array = document.get("imports")
    if not isinstance(array, Array):
        return None
    edit(array)
    return tomlkit.dumps(document).encode()
