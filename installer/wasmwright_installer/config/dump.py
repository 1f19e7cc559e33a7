"""What `containerd config dump`, or `crio config`, proves, and the checks that it cannot make.

A dump shows how the daemon's own parser and migrations understand the files. It does not notice a
missing default runtime, an empty runtime type or (since 2.0) a literal import that does not exist.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from wasmwright_installer.config import tables
from wasmwright_installer.config.tables import Document
from wasmwright_installer.detect.handlers import normal_handler
from wasmwright_installer.errors import RefusedError

_NOT_COMPARED = frozenset({"imports"})
"""containerd 1.x lists the loaded files there, and staged files have other names."""

_CHANGING = re.compile(r"""\b(?:time|t|file|row|column)=(?:"[^"]*"|\S+)""")


@dataclass(frozen=True, slots=True)
class Dump:
    """One run of `config dump`."""

    document: Document
    warnings: frozenset[str]
    """What the daemon says of single keys, without time stamps, file names and row numbers."""

    @classmethod
    def parse(cls, stdout: str, stderr: str, defaults: str = "") -> Self:
        """Read both streams; that a whole file is of an older schema is no matter of ours.

        Args:
            stdout: the configuration.
            stderr: warnings.
            defaults: what the daemon's executable prints as its defaults, when it leaves out of
                the configuration what has its default.
        """
        lines = (_CHANGING.sub("", line).strip() for line in stderr.splitlines())
        return cls(
            document=_over(tomllib.loads(defaults), tomllib.loads(stdout)),
            warnings=frozenset(line for line in lines if " key=" in line),
        )


def _over(defaults: Document, document: Document) -> Document:
    """Lay a configuration over the defaults; handlers come as a whole, as CRI-O prints them."""
    merged = dict(defaults)
    for key, value in document.items():
        below = merged.get(key)
        if key != "runtimes" and isinstance(below, Mapping) and isinstance(value, Mapping):
            merged[key] = _over(below, value)
        else:
            merged[key] = value
    return merged


def foreign_handlers(document: Document, ours: frozenset[str]) -> dict[str, dict[str, Any]]:
    """Return the handlers of others as the daemon shows them, without fields that are not set."""
    return {
        name: {key: value for key, value in table.items() if value not in ("", 0, [], {})}
        for name, table in tables.all_runtimes(document).items()
        if name not in ours
    }


def differences(before: Document, after: Document, ours: frozenset[str]) -> tuple[str, ...]:
    """Return where two dumps differ outside our own handlers, as dotted keys with both values."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    return tuple(
        f"{'.'.join(path)}: {_shown(old, path)} -> {_shown(new, path)}"
        for path in sorted(old.keys() | new.keys())
        if not (_is_same(path, old.get(path), new.get(path)) or _is_ours(path, ours))
    )


def _is_same(path: tuple[str, ...], old: object, new: object) -> bool:
    """Compare two values; an option that is not set is one that says false, 0 or "".

    Some daemons show every option of their own runc, others none.
    """
    if old == new:
        return True
    return not old and not new and _below_handlers(path)[1:2] == ("options",)


def _leaves(
    document: Mapping[str, Any], above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], object]]:
    for key, value in document.items():
        path = (*above, key)
        if isinstance(value, Mapping):
            yield from _leaves(value, path)
        elif path[0] not in _NOT_COMPARED:
            yield path, value


def _is_ours(path: tuple[str, ...], ours: frozenset[str]) -> bool:
    below = _below_handlers(path)
    return bool(below) and below[0] in ours


def _below_handlers(path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the keys of a path from a handler's name on, or none if it is no handler's."""
    for table in tables.TABLES:
        place = tables.place_of_handlers(table)
        if path[: len(place)] == place:
            return path[len(place) :]
    return ()


def _shown(leaves: Mapping[tuple[str, ...], object], path: tuple[str, ...]) -> str:
    return repr(leaves[path]) if path in leaves else "absent"


def refuse_side_effects(
    before: Dump, after: Dump, expected: Mapping[str, Document], ours: frozenset[str]
) -> None:
    """Refuse a staged configuration that does anything else than declare our handlers.

    Args:
        before: the present files.
        after: the staged files.
        expected: every handler of ours that the staged files are to declare.
        ours: these, and those that the staged files no longer declare.
    """
    changed = differences(before.document, after.document, ours)
    if changed:
        _refuse("would change more than its own handlers", changed)
    declared = tables.all_runtimes(after.document)
    wrong = [name for name in sorted(ours) if not _as_expected(name, declared, expected)]
    if wrong:
        _refuse("does not take effect for handlers", wrong)
    untyped = [name for name in sorted(expected) if not declared[name].get("runtime_type")]
    if untyped:
        _refuse("leaves runtime_type empty for handlers", untyped)
    default = tables.default_runtime(after.document)
    if default and default not in declared:
        _refuse("lacks the default runtime", [default])
    noise = sorted(after.warnings - before.warnings)
    if noise:
        _refuse("makes the daemon warn", noise)


def _as_expected(
    name: str, declared: Mapping[str, Document], expected: Mapping[str, Document]
) -> bool:
    if name not in expected:
        return name not in declared
    return name in declared and normal_handler(declared[name]) == normal_handler(expected[name])


def _refuse(what: str, where: tuple[str, ...] | list[str]) -> None:
    raise RefusedError(
        f"the planned configuration {what}: {'; '.join(where[:5])}; nothing was changed",
        reason="ValidationFailed",
    )
