"""Our marked lines in a file of somebody else: how they are written, found and cut out."""

import re
import tomllib
from dataclasses import dataclass
from typing import Final

from wasmwright_installer.config.files import Handlers
from wasmwright_installer.config.tables import parse, render_handler, runtimes
from wasmwright_installer.config.text import Lines, parses_to
from wasmwright_installer.errors import ConflictError

BEGIN: Final = "# wasmwright: begin. These lines are rewritten and removed by wasmwright-installer."
END: Final = "# wasmwright: end"

_VERSION: Final = b"version = 2"

_BLOCK: Final = re.compile(
    rb"(?P<gap>(?:\r?\n)?)"
    + re.escape(BEGIN.encode())
    + rb"\r?\n(?P<body>.*?)"
    + re.escape(END.encode())
    + rb"(?:\r?\n|\Z)",
    re.DOTALL,
)


def lines(content: bytes, table: str, handlers: Handlers, *, new: bool = False) -> bytes:
    """Return the marked lines that declare handlers at the end of a file with this content."""
    written = [BEGIN, *([_VERSION.decode()] if new else [])]
    for name, body in handlers.items():
        written += render_handler(table, name, body)
    style = Lines.of(content)
    return style.ending + style.join([*written, END])


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


def find(content: bytes) -> Block | None:
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


def cut_out(found: Block, ending: bytes) -> bytes:
    """Return the text without a block, but with its `version` if others rely on that since.

    Lines of it end as `ending` says.
    """
    rest = tomllib.loads(found.without.decode())
    if _VERSION in found.body and rest and "version" not in rest:
        kept = found.before + _VERSION + ending + found.after
        if parses_to(kept, {**rest, "version": 2}):
            return kept
    return found.without


def _needs_gap(content: bytes, found: re.Match[bytes]) -> bool:
    """The line end before the block is ours only when the file was not empty before it.

    `lines` always begins with one. When lines were added behind the block since, cutting it would
    glue them to a line that had no end before us.
    """
    before, after = content[: found.start()], content[found.end() :]
    return bool(after) and bool(before) and not before.endswith(b"\n")


def refuse_strangers(path: str, found: Block, table: str, names: frozenset[str]) -> None:
    """Make sure that between our marks there is nothing but handlers of these names.

    Raises:
        ConflictError: with what else was found, and the line.
    """
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
