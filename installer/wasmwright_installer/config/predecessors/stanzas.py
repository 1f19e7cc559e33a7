"""Handlers as runs of lines in a file that somebody appended to.

Only tables under headers of their own are seen, which is how text is appended. Each stanza is
parsed by itself, so a file that is a template, and no TOML as a whole, can be read too.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from wasmwright_installer.config.tables import GRPC_TABLE, RUNTIME_TABLE, Document

PLUGINS: Final = frozenset({GRPC_TABLE, RUNTIME_TABLE, "cri"})
"""The last is the name of schema 1, which some installers wrote on k3s."""

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_PLACE = 4
"""Keys above a handler: plugins, the plugin, containerd, runtimes."""


@dataclass(frozen=True, slots=True)
class Stanza:
    """One handler in one file."""

    plugin: str
    handler: str
    table: Document
    lines: tuple[int, ...]
    """Positions of its lines, from 0: headers, keys, and what stands between them."""

    @property
    def line(self) -> int:
        """The number of its first line, as editors count."""
        return self.lines[0] + 1


def split(content: bytes) -> list[str]:
    """Return the lines of a file with their ends; joined they are the file again."""
    try:
        return _LINE.findall(content.decode())
    except UnicodeDecodeError:
        return []


def stanzas(lines: list[str]) -> tuple[Stanza, ...]:
    """Return every handler that stands under headers of its own, in the order of the file."""
    found: dict[tuple[str, str], list[int]] = {}
    for path, span in _tables(lines):
        if len(path) > _PLACE and _is_handler(path):
            found.setdefault((path[1], path[_PLACE]), []).extend(span)
    read = (_read(plugin, handler, lines, span) for (plugin, handler), span in found.items())
    return tuple(stanza for stanza in read if stanza is not None)


def _is_handler(path: tuple[str, ...]) -> bool:
    return path[0] == "plugins" and path[1] in PLUGINS and path[2:_PLACE] == _BELOW


_BELOW = ("containerd", "runtimes")


def _tables(lines: list[str]) -> Iterator[tuple[tuple[str, ...], range]]:
    """Yield each table's path with its lines; blank lines and comments behind it are not its."""
    headers = [(number, path) for number, line in enumerate(lines) if (path := _header(line))]
    for (start, path), (end, _) in pairwise([*headers, (len(lines), ())]):
        last = max(n for n in range(start, end) if n == start or _says_something(lines[n]))
        yield path, range(start, last + 1)


def _says_something(line: str) -> bool:
    text = line.strip()
    return bool(text) and not text.startswith("#")


def _header(line: str) -> tuple[str, ...]:
    """Return the keys of a header; () = the line is none. Its parser is TOML's own."""
    if not line.lstrip().startswith("["):
        return ()
    try:
        level: object = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    keys: list[str] = []
    while isinstance(level, dict) and level:
        key, level = next(iter(level.items()))
        keys.append(key)
    return tuple(keys)


def _read(plugin: str, handler: str, lines: list[str], span: list[int]) -> Stanza | None:
    try:
        document = tomllib.loads("".join(lines[number] for number in span))
    except tomllib.TOMLDecodeError:
        return None
    table = document["plugins"][plugin]["containerd"]["runtimes"][handler]
    return Stanza(plugin, handler, table, tuple(sorted(span)))
