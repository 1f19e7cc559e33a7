"""A text with other values in its array of imports, and every other byte as it was.

Not with a serialiser: what containerd reads may be more than one that keeps comments understands,
tables in any order above all.
"""

import json
import re
import tomllib

from wasmwright_installer.config.tables import parse
from wasmwright_installer.config.text import parses_to

START = re.compile(rb"""^[ \t]*["']?imports["']?[ \t]*=[ \t]*\[""", re.MULTILINE)
_END = re.compile(rb"\]")


def with_imports(path: str, content: bytes, imports: list[str]) -> bytes | None:
    """Return the text with other imports, or None if it spells them in no way that is known."""
    wanted = {**parse(path, content), "imports": imports}
    values = ", ".join(json.dumps(each, ensure_ascii=False) for each in imports)
    for start in START.finditer(content):
        opening = start.end() - 1
        end = _end_of_array(content, opening)
        edited = content[:opening] + f"[{values}]".encode() + content[end:]
        if parses_to(edited, wanted):
            return edited
    return None


def _end_of_array(content: bytes, opening: int) -> int:
    """Return where an array ends: at the first bracket that makes it a whole one."""
    for bracket in _END.finditer(content, opening):
        try:
            tomllib.loads("it = " + content[opening : bracket.end()].decode())
        except (UnicodeDecodeError, tomllib.TOMLDecodeError):
            continue
        return bracket.end()
    return opening
