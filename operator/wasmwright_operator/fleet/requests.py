"""What a node itself asks for, by annotation or by KWasm's key."""

from dataclasses import dataclass

from wasmwright_operator import names
from wasmwright_operator.records import NodeRecord


@dataclass(frozen=True, slots=True)
class Wishes:
    """The names that a node asks for, and whether it may be given what it did not ask for."""

    names: tuple[str, ...]
    accepts_placement: bool
    """False for a node that opted out by KWasm's key."""


def wishes_of(node: NodeRecord, kwasm_runtimes: tuple[str, ...]) -> Wishes:
    """Read a node's wishes; each name counts once, in the order in which it was written."""
    listed = node.annotations.get(names.RUNTIMES, "")
    asked = [item for item in map(str.strip, listed.split(",")) if item] if listed else []
    kwasm = node.wish(names.KWASM_NODE)
    if kwasm == "true":
        asked.extend(kwasm_runtimes)
    return Wishes(names=tuple(dict.fromkeys(asked)), accepts_placement=kwasm != "false")


def is_new_token(node: NodeRecord, key: str, obeyed: str) -> bool:
    """Tell whether a node asks for something that was not done yet."""
    return node.wish(key) not in {"", obeyed}
