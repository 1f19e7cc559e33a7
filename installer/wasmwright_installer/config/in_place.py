"""Handlers in a file that belongs to somebody else: a marked block at its end.

A block at the end keeps every byte before it. Only a file that writes the parents of our tables as
inline tables cannot be continued so; there the keys go into the inline table, with tomlkit.
"""

import copy
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from wasmwright_installer.config.tables import Document, parse, render_handler, runtimes
from wasmwright_installer.config.text import Lines, parses_to
from wasmwright_installer.detect.handlers import binary_of, normal_handler
from wasmwright_installer.errors import ConflictError, RefusedError
from wasmwright_installer.home import own_handler

BEGIN = "# wasmwright: begin. These lines are rewritten and removed by wasmwright-installer."
END = "# wasmwright: end"

_VERSION = b"version = 2"

_BLOCK = re.compile(
    rb"(?P<gap>(?:\r?\n)?)"
    + re.escape(BEGIN.encode())
    + rb"\r?\n(?P<body>.*?)"
    + re.escape(END.encode())
    + rb"(?:\r?\n|\Z)",
    re.DOTALL,
)

Handlers = Mapping[str, Mapping[str, Any]]


def add(path: str, content: bytes, table: str, handlers: Handlers) -> bytes:
    """Declare handlers in a file that declares none of them.

    A file without any key gets `version = 2` as well, or it would count as schema 1.
    """
    document = parse(path, content)
    wanted = with_handlers(document, table, handlers)
    if wanted is not None:
        continued = content + block(content, table, handlers, new=not document)
        if parses_to(continued, wanted):
            return continued
        inlined = _inline(content, table, handlers)
        if inlined is not None and parses_to(inlined, wanted):
            return inlined
    raise RefusedError(
        f"no way was found to add handlers to {path}: its tables cannot be continued; "
        f'write them as [plugins."{table}".containerd.runtimes.<name>] and run again',
        reason="ConfigNotEditable",
    )


def take_out(path: str, content: bytes, table: str, names: frozenset[str]) -> bytes:
    """Undo `add`, whatever else was changed in the file since.

    Without names (the record of them is lost) all that stands between the marks counts as ours.

    Raises:
        ConflictError: somebody wrote other handlers between our marks.
    """
    found = find_block(content)
    if found is not None:
        if names:
            _refuse_strangers(path, found, table, names)
        return _keep_version(found, Lines.of(content).ending)
    declared = runtimes(parse(path, content), table) or {}
    present = names & set(declared)
    is_ours = any(_leads_to_us(name, declared[name]) for name in present)
    return _remove_keys(path, content, table, present) if is_ours else content


def _leads_to_us(name: str, table: Mapping[str, Any]) -> bool:
    """Tell our handler from one of the same name that somebody else added to a file."""
    return own_handler(binary_of(normal_handler(table))) == name


@dataclass(frozen=True, slots=True)
class Block:
    """Our marked lines in a file."""

    before: bytes
    """The text up to the first mark."""
    body: bytes
    after: bytes
    """The text from behind the last mark."""
    without: bytes
    """The whole text without mark and body."""


def find_block(content: bytes) -> Block | None:
    """Return what stands between our marks, or None if there are none."""
    found = _BLOCK.search(content)
    if found is None:
        return None
    gap = found["gap"] if _needs_gap(content, found) else b""
    return Block(
        before=content[: found.start()] + found["gap"],
        body=found["body"],
        after=content[found.end() :],
        without=content[: found.start()] + gap + content[found.end() :],
    )


def _keep_version(found: Block, ending: bytes) -> bytes:
    """Return the text without a block, but with its `version` if others rely on that since."""
    rest = tomllib.loads(found.without.decode())
    if _VERSION in found.body and rest and "version" not in rest:
        kept = found.before + _VERSION + ending + found.after
        if parses_to(kept, {**rest, "version": 2}):
            return kept
    return found.without


def _needs_gap(content: bytes, found: re.Match[bytes]) -> bool:
    """The line end before the block is ours only when the file was not empty before it.

    `add` always puts one there. When lines were added behind the block since, cutting it would glue
    them to a line that had no end before us.
    """
    before, after = content[: found.start()], content[found.end() :]
    return bool(after) and bool(before) and not before.endswith(b"\n")


def block(content: bytes, table: str, handlers: Handlers, *, new: bool = False) -> bytes:
    """Return the marked lines that declare handlers at the end of a file with this content."""
    lines = [BEGIN, *([_VERSION.decode()] if new else [])]
    for name, body in handlers.items():
        lines += render_handler(table, name, body)
    ending = Lines.of(content)
    return ending.ending + ending.join([*lines, END])


def with_handlers(document: Document, table: str, handlers: Handlers) -> dict[str, Any] | None:
    """Return what the file is to mean; None = something else stands where a table should be."""
    wanted: dict[str, Any] = copy.deepcopy(dict(document)) or {"version": 2}
    level = wanted
    for key in ("plugins", table, "containerd", "runtimes"):
        level = level.setdefault(key, {})
        if not isinstance(level, dict):
            return None
    level.update({name: _without_empty(body) for name, body in handlers.items()})
    return wanted


def _without_empty(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if value != {}}


def _inline(content: bytes, table: str, handlers: Handlers) -> bytes | None:
    try:
        document = tomlkit.parse(content.decode())
        level: Any = document
        for key in ("plugins", table, "containerd", "runtimes"):
            if key not in level:
                level[key] = tomlkit.inline_table()
            level = level[key]
        for name, body in handlers.items():
            level[name] = _inline_value(body)
        return tomlkit.dumps(document).encode()
    except (TOMLKitError, TypeError, AttributeError):
        return None


def _inline_value(body: Mapping[str, Any]) -> Any:  # noqa: ANN401  # tomlkit's items share no useful type
    value = tomlkit.inline_table()
    for key, item in _without_empty(body).items():
        value[key] = _inline_value(item) if isinstance(item, Mapping) else item
    return value


def _remove_keys(path: str, content: bytes, table: str, names: frozenset[str]) -> bytes:
    rest: Any = copy.deepcopy(dict(parse(path, content)))
    _delete(rest, table, names)
    with suppress(TOMLKitError):  # it does not know all that is valid
        edited = tomlkit.parse(content.decode())
        _delete(edited, table, names)
        result = tomlkit.dumps(edited).encode()
        if parses_to(result, rest):
            return result
    raise RefusedError(
        f"handlers {', '.join(sorted(names))} cannot be taken out of {path}; take them out by hand",
        reason="ConfigNotEditable",
    )


def _delete(document: Any, table: str, names: frozenset[str]) -> None:  # noqa: ANN401  # of tomlkit or not
    containerd = document["plugins"][table]["containerd"]
    for name in names:
        del containerd["runtimes"][name]
    if not containerd["runtimes"]:
        del containerd["runtimes"]


def _refuse_strangers(path: str, found: Block, table: str, names: frozenset[str]) -> None:
    body = parse(path, found.body)
    strangers = set(runtimes(body, table) or {}) - names
    others = set(body) - {"plugins", "version"}
    if strangers or others:
        line = found.before.count(b"\n") + 1
        raise ConflictError(
            f"somebody wrote {', '.join(sorted(strangers | others))} between the wasmwright marks "
            f"in {path} (line {line}); move it out of the marked lines and run again",
            reason="ForeignLines",
        )
