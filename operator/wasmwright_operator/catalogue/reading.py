"""Text of a file -> entry, or a sentence that says what is wrong with it."""

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from wasmwright_operator.catalogue.entry import Entry


class CatalogueError(Exception):
    """A file of the catalogue, or what was asked of an entry, cannot be used."""


def parse_entry(name: str, text: str) -> Entry:
    """Return the entry that a file holds.

    Args:
        name: the file's name without its suffix, which must be the entry's id.
        text: YAML.

    Raises:
        CatalogueError: naming the file, each wrong field, and what is expected there.
    """
    try:
        entry = Entry.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise CatalogueError(f"catalogue entry {name!r} is no YAML: {error}") from error
    except ValidationError as error:
        wrong = "; ".join(_told(each) for each in error.errors())
        raise CatalogueError(f"catalogue entry {name!r}: {wrong}") from error
    if entry.id != name:
        raise CatalogueError(
            f"catalogue entry {name!r} says id {entry.id!r}: call the file {entry.id}.yaml"
        )
    return entry


def _told(error: ErrorDetails) -> str:
    where = ".".join(map(str, error["loc"])) or "the whole"
    shown = error["input"] if isinstance(error["input"], str | int | float) else ""
    found = f" (found {shown!r})" if shown != "" else ""
    return f"{where}: {error['msg']}{found}"
