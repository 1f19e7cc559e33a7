"""Text edits that are checked by what they parse to.

Inserting lines keeps every other byte, which no serialiser promises. Whether the insertion means
what it should is never argued, only tried: the result is parsed and compared.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Lines:
    """How a file ends its lines."""

    ending: bytes

    @classmethod
    def of(cls, content: bytes) -> Self:
        """Read it from the first line."""
        return cls(b"\r\n" if content.partition(b"\n")[0].endswith(b"\r") else b"\n")

    def join(self, lines: list[str]) -> bytes:
        """Return lines as bytes, each of them ended."""
        return b"".join(line.encode() + self.ending for line in lines)


def parses_to(content: bytes, wanted: Mapping[str, Any]) -> bool:
    """Tell whether a text is valid and means exactly what is wanted."""
    try:
        return tomllib.loads(content.decode()) == wanted
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False
