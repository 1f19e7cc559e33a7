"""Which files a configuration reads, and how one more is made known to it.

containerd loads the main file, then its imports in breadth-first order; a relative path counts from
the importing file, one with a `*` is a glob that may match nothing, any other must exist.
"""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase

from wasmwright_installer.config.import_array import START, with_imports
from wasmwright_installer.config.tables import Document, parse
from wasmwright_installer.config.text import Lines, parses_to
from wasmwright_installer.errors import RefusedError

_VERSION_LINE = re.compile(rb"^[ \t]*version[ \t]*=[^\n]*\n", re.MULTILINE)

OWN_GLOB = "wasmwright*.toml"
"""Imported instead of the file itself: a glob may match nothing, so no order of writing or removing
leaves a configuration that the daemon refuses; and it reads nobody else's files."""


def own_glob(main: str) -> str:
    """Return the import that reaches our own file beside a main one."""
    return posixpath.join(posixpath.dirname(main), "conf.d", OWN_GLOB)


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
    """Add a pattern to a file's imports; every other byte stays as it is.

    It comes first, where it can be written and taken out again without a look at what follows; the
    order is of no account, since it reaches no table that another file has.
    """
    document = parse(path, content)
    wanted = {**document, "imports": [pattern, *document.get("imports", ())]}
    for edited in _joined(content, pattern):
        if parses_to(edited, wanted):
            return edited
    raise RefusedError(
        f"no way was found to add {pattern!r} to the imports of {path}; "
        "add it by hand and run again",
        reason="ImportsUnreadable",
    )


def _joined(content: bytes, pattern: str) -> Iterator[bytes]:
    line = _line(pattern) + Lines.of(content).ending
    for place in _VERSION_LINE.finditer(content):
        yield content[: place.end()] + line + content[place.end() :]
    yield line + content
    for place in START.finditer(content):
        rest = content[place.end() :]
        yield content[: place.end()] + _entry(pattern) + rest
        yield content[: place.end()] + _entry(pattern) + b", " + rest


def leave(path: str, content: bytes, pattern: str) -> bytes:
    """Take a pattern out of a file's imports; the key goes too when `join` made it."""
    document = parse(path, content)
    imports = list(document.get("imports", ()))
    if pattern not in imports:
        return content
    imports.remove(pattern)
    without_key = {key: value for key, value in document.items() if key != "imports"}
    candidates = [
        (_line(pattern) + b"\r\n", without_key),
        (_line(pattern) + b"\n", without_key),
        (_entry(pattern) + b", ", {**document, "imports": imports}),
        (_entry(pattern), {**document, "imports": imports}),
    ]
    for part, wanted in candidates:
        edited = content.replace(part, b"", 1)
        if edited != content and parses_to(edited, wanted):
            return edited
    rewritten = with_imports(path, content, imports)
    if rewritten is not None:
        return rewritten
    raise RefusedError(
        f"{pattern!r} cannot be taken out of the imports of {path}; take it out by hand",
        reason="ImportsUnreadable",
    )


def _entry(pattern: str) -> bytes:
    return f'"{pattern}"'.encode()


def _line(pattern: str) -> bytes:
    return f'imports = ["{pattern}"] # wasmwright'.encode()
