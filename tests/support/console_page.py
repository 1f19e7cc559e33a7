"""Pages that show what people type and what they see: take them apart and compare.

A page has fenced blocks of kind `console`: a line that begins with `$ ` is typed, what follows is
seen. What happens to the cluster in between is a comment that no reader sees: `<!-- cue: ... -->`.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_CUE: Final = re.compile(r"^<!-- cue: (.*?) -->$")
_DOCUMENT: Final = re.compile(r"<<(\w+)$", re.MULTILINE)
_FENCE: Final = "```"
_PROMPT: Final = "$ "
_MORE: Final = "..."
_VARYING: Final = (
    (re.compile(r"\b\d{4}-\d\d-\d\dT[\d:]+Z\b"), "TIME"),
    (re.compile(r"\b(\d+[smhd]){1,2}(?!\w)"), "AGE"),
    (re.compile(r"-[0-9a-f]{10}\b"), "-REVISION"),
    (re.compile(r"\s+"), " "),
)
"""What is another one each time, and what stands in its place when two texts are compared."""


@dataclass(frozen=True)
class Cue:
    """Something happens in the cluster."""

    name: str


@dataclass(frozen=True)
class Typed:
    """A person types a command."""

    command: str
    seen: tuple[str, ...]
    """The lines of the answer; `...` stands for any number of lines."""

    def is_answered_by(self, output: str) -> bool:
        """Tell whether an output is what the page says, apart from ages, times and revisions."""
        return _matches([_plain(line) for line in self.seen], _lines(output))


def steps(page: str) -> Iterator[Cue | Typed]:
    """Yield what happens on a page, in its order."""
    is_inside, typed = False, None
    for line in page.splitlines():
        if line.startswith(_FENCE):
            if typed:
                yield typed
            is_inside, typed = line == f"{_FENCE}console", None
        elif cue := _CUE.match(line):
            yield Cue(cue[1])
        elif is_inside and typed and not typed.seen and _goes_on(typed.command):
            typed = Typed(f"{typed.command}\n{line}", ())
        elif is_inside and line.startswith(_PROMPT):
            if typed:
                yield typed
            typed = Typed(line.removeprefix(_PROMPT), ())
        elif is_inside and typed and line.strip():
            typed = Typed(typed.command, (*typed.seen, line))


def _goes_on(command: str) -> bool:
    """Tell whether a shell would wait for more: after a backslash, in quotes, in a document."""
    document = _DOCUMENT.search(command)
    if document is not None:
        return command.splitlines()[-1] != document[1]
    try:
        shlex.split(command)
    except ValueError:
        return True
    return False


def _lines(text: str) -> list[str]:
    return [_plain(line) for line in text.splitlines() if line.strip()]


def _plain(line: str) -> str:
    for pattern, word in _VARYING:
        line = pattern.sub(word, line)
    return line.strip()


def _matches(wanted: list[str], found: list[str]) -> bool:
    if not wanted:
        return not found
    if wanted[0] == _MORE:
        return any(_matches(wanted[1:], found[skipped:]) for skipped in range(len(found) + 1))
    return bool(found) and wanted[0] == found[0] and _matches(wanted[1:], found[1:])
