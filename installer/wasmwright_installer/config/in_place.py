"""Handlers in a file that belongs to somebody else: a marked block at its end.

A block at the end keeps every byte before it. Only a file that writes the parents of our tables as
inline tables cannot be continued so; there the keys go into the inline table, with tomlkit.
"""

import copy
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from wasmwright_installer.config import marked_block
from wasmwright_installer.config.files import Handlers
from wasmwright_installer.config.tables import Document, parse, runtimes
from wasmwright_installer.config.text import Lines, parses_to
from wasmwright_installer.detect.handlers import binary_of, normal_handler
from wasmwright_installer.errors import RefusedError
from wasmwright_installer.home import own_handler


def add(path: str, content: bytes, table: str, handlers: Handlers) -> bytes:
    """Declare handlers in a file that declares none of them.

    A file without any key gets `version = 2` as well, or it would count as schema 1.
    """
    document = parse(path, content)
    wanted = with_handlers(document, table, handlers)
    if wanted is not None:
        continued = content + marked_block.lines(content, table, handlers, new=not document)
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
    found = marked_block.find(content)
    if found is not None:
        if names:
            marked_block.refuse_strangers(path, found, table, names)
        return marked_block.cut_out(found, Lines.of(content).ending)
    declared = runtimes(parse(path, content), table) or {}
    present = names & set(declared)
    is_ours = any(_leads_to_us(name, declared[name]) for name in present)
    return _remove_keys(path, content, table, present) if is_ours else content


def _leads_to_us(name: str, table: Mapping[str, Any]) -> bool:
    """Tell our handler from one of the same name that somebody else added to a file."""
    return own_handler(binary_of(normal_handler(table))) == name


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
