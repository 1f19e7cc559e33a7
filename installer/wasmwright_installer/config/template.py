"""Handlers in a template that somebody else renders: a marked block at its end, as plain text.

A template is no TOML before it is rendered, so it is never parsed; what the block does is seen in
the prediction of the rendered file. Nothing in the block looks like a directive or a variable.
"""

from typing import Final

from wasmwright_installer.config import in_place, marked_block, tables
from wasmwright_installer.config.files import Handlers
from wasmwright_installer.config.text import parses_to
from wasmwright_installer.errors import ConflictError, RefusedError

BASE: Final = (
    b'{{/* Made by wasmwright-installer, which removes this file. */}}\n{{ template "base" . }}\n'
)
"""A Go template that renders to what the supervisor writes without one."""

_LOOKALIKES: Final = ((b"{{", rb"{\u007b"), (b"${", rb"\u0024{"))
"""What a renderer would take for its own, and how TOML's strings say the same."""


def add(path: str, content: bytes, table: str, handlers: Handlers) -> bytes:
    """Put handlers behind the text of a template that declares none of them.

    Raises:
        ConflictError: a line of the template declares one of them.
    """
    text = content.decode(errors="replace")
    for name in handlers:
        if line := tables.handler_line(text, name):
            raise ConflictError(
                f"handler {name!r} is declared by somebody else in {path}:{line}; give the runtime "
                "another handler, or take that declaration out",
                reason="ForeignHandler",
            )
    return content + _block(content, table, handlers)


def predict(main: str, rendered: bytes, table: str, handlers: Handlers) -> bytes:
    """Return what the rendered file will hold when handlers are added to its template.

    Raises:
        RefusedError: its tables are written so that a block at the end does not continue them.
    """
    predicted = rendered + _block(rendered, table, handlers)
    wanted = in_place.with_handlers(tables.parse(main, rendered), table, handlers)
    if wanted is None or not parses_to(predicted, wanted):
        raise RefusedError(
            f"no way was found to add handlers to {main} through its template: its tables cannot "
            f'be continued; write them as [plugins."{table}".containerd.runtimes.<name>]',
            reason="ConfigNotEditable",
        )
    return predicted


def _block(content: bytes, table: str, handlers: Handlers) -> bytes:
    block = marked_block.lines(content, table, handlers)
    for lookalike, plain in _LOOKALIKES:
        block = block.replace(lookalike, plain)
    return block


def take_out(path: str, content: bytes, names: frozenset[str]) -> bytes | None:
    """Undo `add`, whatever else was changed in the template since; None = it was made by us.

    Raises:
        ConflictError: a mark is missing, or somebody wrote between the marks.
    """
    found = marked_block.find(content)
    if found is not None:
        _refuse_strangers(path, found.before, found.body, names)
        content = found.without
    for mark in (marked_block.BEGIN, marked_block.END):
        line = _line_of(mark.encode(), content)
        if line:
            raise ConflictError(
                f"{path}:{line} holds a mark of wasmwright without its other half, so what is ours "
                "in this file is not known; take the line and our handlers out by hand",
                reason="ForeignLines",
            )
    return None if content == BASE else content


def _refuse_strangers(path: str, before: bytes, body: bytes, names: frozenset[str]) -> None:
    try:
        document = tables.parse(path, body)
        strangers = set(tables.all_runtimes(document)) - names if names else set()
        strangers |= set(document) - {"plugins"}
    except RefusedError:
        strangers = {"something else"}
    if strangers:
        line = before.count(b"\n") + 1
        raise ConflictError(
            f"somebody wrote {', '.join(sorted(strangers))} between the wasmwright marks in {path} "
            f"(line {line}); move it out of the marked lines and run again",
            reason="ForeignLines",
        )


def _line_of(mark: bytes, content: bytes) -> int:
    """Return the number of the line that is a mark, or 0."""
    lines = content.splitlines()
    return next((number for number, line in enumerate(lines, 1) if line.strip() == mark), 0)
