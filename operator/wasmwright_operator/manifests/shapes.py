"""Read YAML that differs from the last one in a few known values only, without reading it anew.

Each value that `| tojson` wrote is exchanged for a mark before the text is parsed. Texts that are
then equal are parsed once; the values are put in afterwards. A text in which a mark does not stand
for a whole value (in the middle of a script, say) is parsed as it is, each time.
"""

from collections.abc import Mapping
from typing import Any, Final

import yaml
from jinja2.utils import htmlsafe_json_dumps

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KEPT: Final = 16
"""Shapes: a template has as many as its conditions make."""
_SIGN: Final = "\N{REFERENCE MARK}"
"""Stands in no value: `| tojson` writes ASCII."""


def parse(text: str) -> Any:  # noqa: ANN401 - any YAML value
    """Return what a text says. Raises YAMLError."""
    return yaml.load(text, _LOADER)  # noqa: S506 - safe ones


class Shapes:
    """Remembers the shapes of the texts of one template."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def parse(self, text: str, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any YAML value
        """Return what a text says in which these values may stand. Raises YAMLError.

        Parts of the answer are shared between calls: it must not be changed.
        """
        if _SIGN in text:
            return parse(text)
        marks = {f"{_SIGN}{name}{_SIGN}": value for name, value in values.items()}
        shape = _marked(text, marks)
        if shape not in self._known:
            self._remember(shape, marks)
        tree = self._known[shape]
        return parse(text) if tree is None else _filled(tree, marks)

    def _remember(self, shape: str, marks: Mapping[str, Any]) -> None:
        if len(self._known) >= _KEPT:
            del self._known[next(iter(self._known))]
        tree = parse(shape)
        self._known[shape] = tree if _is_fillable(tree, marks) else None


def _marked(text: str, marks: Mapping[str, Any]) -> str:
    """Exchange the longest values first: they hold the others."""
    written = {_as_written(value): mark for mark, value in marks.items()}
    for value in sorted(written, key=len, reverse=True):
        text = text.replace(value, f'"{written[value]}"')
    return text


def _as_written(value: object) -> str:
    """Return what `| tojson` makes of a value."""
    return str(htmlsafe_json_dumps(value, sort_keys=True))


def _is_fillable(tree: object, marks: Mapping[str, Any]) -> bool:
    """Tell whether each mark is a value of its own, and no part or key of something else."""
    match tree:
        case dict():
            has_plain_keys = all(not _holds_mark(key, marks) for key in tree)
            return has_plain_keys and all(_is_fillable(item, marks) for item in tree.values())
        case list():
            return all(_is_fillable(item, marks) for item in tree)
        case _:
            return not isinstance(tree, str) or tree in marks or not _holds_mark(tree, marks)


def _holds_mark(value: object, marks: Mapping[str, Any]) -> bool:
    return isinstance(value, str) and any(mark in value for mark in marks)


def _filled(tree: Any, marks: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any YAML value
    match tree:
        case str():
            return marks.get(tree, tree)
        case dict():
            return {key: _filled(item, marks) for key, item in tree.items()}
        case list():
            return [_filled(item, marks) for item in tree]
        case _:
            return tree
