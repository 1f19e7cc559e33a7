"""A predecessor's tables are cut out of the files; every other byte stays.

A table is the predecessor's if it leads into its directory, or if it is word for word one that it
appends and stands right behind such a one. What the cut means is never argued, only tried: the rest
is parsed and compared with what the file said without those tables.
"""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wasmwright_installer.config.files import Base
from wasmwright_installer.config.predecessors.kwasm import KWASM
from wasmwright_installer.config.predecessors.predecessor import Links, Predecessor
from wasmwright_installer.config.predecessors.rcm import RCM
from wasmwright_installer.config.predecessors.stanzas import Stanza, split, stanzas
from wasmwright_installer.config.tables import parse, runtimes
from wasmwright_installer.contract import PredecessorName
from wasmwright_installer.detect.handlers import normal_handler
from wasmwright_installer.errors import RefusedError

PREDECESSORS: Mapping[PredecessorName, Predecessor] = {each.name: each for each in (KWASM, RCM)}


@dataclass(frozen=True, slots=True)
class Takeover:
    """What a run takes over."""

    predecessors: tuple[Predecessor, ...] = ()
    handlers: frozenset[str] = frozenset()
    """Theirs, in the files or still served, which count as ours from now on."""
    places: Mapping[str, str] = field(default_factory=dict)
    """Handler -> file and line where it stands."""


@dataclass(frozen=True, slots=True)
class Left:
    """One table that a predecessor left."""

    path: str
    line: int
    handler: str
    table: Mapping[str, Any]

    @property
    def place(self) -> str:
        """Where it begins, as editors open it."""
        return f"{self.path}:{self.line}"


def left_in(files: Mapping[str, bytes], predecessor: Predecessor, links: Links) -> tuple[Left, ...]:
    """Return the tables that a predecessor left in some files."""
    return tuple(
        Left(path, stanza.line, stanza.handler, stanza.table)
        for path, content in files.items()
        for stanza in _appended(split(content), predecessor, links)
    )


def _appended(lines: list[str], predecessor: Predecessor, links: Links) -> tuple[Stanza, ...]:
    found: list[Stanza] = []
    for stanza in stanzas(lines):
        leads = predecessor.serves(normal_handler(stanza.table), links)
        behind = bool(found) and found[-1].lines[-1] + 1 == stanza.lines[0]
        if leads or (behind and predecessor.appends(stanza)):
            found.append(stanza)
    return tuple(found)


def frozen_templates(sources: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the templates that fill nothing in: plain copies of what was once rendered."""
    return tuple(
        path for path, text in sources.items() if path.endswith(".tmpl") and b"{{" not in text
    )


def without(
    base: Base,
    predecessors: Iterable[Predecessor],
    links: Links,
    rendered: frozenset[str] = frozenset(),
) -> Base:
    """Return a configuration without what predecessors left in it.

    Args:
        base: the configuration.
        predecessors: whose tables go.
        links: shims on the daemon's search path that are symlinks.
        rendered: files that are made from others; they lose what those lose, and keep what whoever
            renders them found for itself.

    Raises:
        RefusedError: their tables stand in a way in which they cannot be cut out.
    """
    tree, sources = dict(base.tree), dict(base.sources)
    for one in predecessors:
        names = frozenset(left.handler for left in left_in(sources, one, links))
        for files in (sources, tree):
            for path, content in files.items():
                only = names if path in rendered else None
                files[path] = cut(path, content, one, links, only)
    return replace(base, tree=tree, sources=sources)


def cut(
    path: str,
    content: bytes,
    predecessor: Predecessor,
    links: Links,
    only: frozenset[str] | None = None,
) -> bytes:
    """Return a file without a predecessor's tables and the comments that it wrote to them.

    Args:
        path: the file.
        content: its text.
        predecessor: whose tables go.
        links: shims on the daemon's search path that are symlinks.
        only: the handlers that go; None = all of them.

    Raises:
        RefusedError: the rest would mean something else than the file without those tables.
    """
    lines = split(content)
    left = _appended(lines, predecessor, links)
    doomed = tuple(each for each in left if only is None or each.handler in only)
    if not doomed:
        return content
    gone = {number for stanza in doomed for number in stanza.lines}
    noted = _comments(lines, gone, predecessor)
    rest = _joined(lines, gone | noted, ends_line=_ended_line(lines, gone, noted))
    if not _means(content, rest, doomed):
        raise RefusedError(
            f"the tables of {predecessor.title} in {path} ({_names(doomed)}) cannot be cut out; "
            "take them out by hand and run again",
            reason="ConfigNotEditable",
        )
    return rest


def _comments(lines: list[str], gone: set[int], predecessor: Predecessor) -> set[int]:
    """Its comments right above and below its tables, with the empty line that it puts first."""
    marks = {
        number
        for number, line in enumerate(lines)
        if predecessor.comment.fullmatch(line) and {number - 1, number + 1} & gone
    }
    return marks | {n - 1 for n in marks if n and not lines[n - 1].strip()}


def _ended_line(lines: list[str], gone: set[int], noted: set[int]) -> bool:
    """Whether the first comment follows a line that had no end before it was appended."""
    first = min(gone | noted)
    return bool(first) and first in noted and bool(lines[first].strip())


def _joined(lines: list[str], gone: set[int], *, ends_line: bool) -> bytes:
    rest = "".join(line for number, line in enumerate(lines) if number not in gone)
    nothing_follows = max(gone) == len(lines) - 1 and min(gone) == len(lines) - len(gone)
    return (rest.removesuffix("\n") if ends_line and nothing_follows else rest).encode()


def _means(content: bytes, rest: bytes, doomed: tuple[Stanza, ...]) -> bool:
    """Compare what is left with what the file said of everything else; a template says nothing."""
    try:
        wanted = copy.deepcopy(dict(parse("", content)))
    except RefusedError:
        return True
    for stanza in doomed:
        declared = runtimes(wanted, stanza.plugin)
        if not isinstance(declared, dict) or declared.pop(stanza.handler, None) != stanza.table:
            return False
    try:
        return _filled(parse("", rest)) == _filled(wanted)
    except RefusedError:
        return False


def _filled(document: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out empty tables: the parents of a table that went may go with it."""
    shown = {k: _filled(v) if isinstance(v, Mapping) else v for k, v in document.items()}
    return {key: value for key, value in shown.items() if value != {}}


def _names(doomed: tuple[Stanza, ...]) -> str:
    return ", ".join(stanza.handler for stanza in doomed)
