"""The entries of the catalogue, as they lie in the tree."""

from pathlib import Path
from typing import Final

from wasmwright_operator.catalogue import Entry, parse_entry

FOLDER: Final = Path(__file__).parents[2] / "deploy/catalogue"
IDS: Final = tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def text(name: str) -> str:
    """Return the text of a file."""
    return (FOLDER / f"{name}.yaml").read_text()


def entry(name: str) -> Entry:
    """Return an entry."""
    return parse_entry(name, text(name))
