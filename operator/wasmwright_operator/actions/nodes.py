"""What is asked of Nodes."""

from collections.abc import Mapping
from dataclasses import dataclass

from wasmwright_operator.records import Taint


@dataclass(frozen=True, slots=True)
class LabelNode:
    """Set (a string) or remove (None) labels of a Node."""

    name: str
    uid: str
    changes: Mapping[str, str | None]
    had_labels: bool = True
    """Whether the Node has any label: a JSON patch cannot add to a map that is not there."""


@dataclass(frozen=True, slots=True)
class CordonNode:
    """Let no new pods come to a node that nobody has cordoned, and say that it was us."""

    name: str
    uid: str
    mark: str
    is_annotated: bool = True
    """Whether the Node has any annotation; see `LabelNode.had_labels`."""


@dataclass(frozen=True, slots=True)
class UncordonNode:
    """Take our mark off a node, and the cordon with it if that still stands."""

    name: str
    uid: str
    mark: str
    is_cordoned: bool = True


@dataclass(frozen=True, slots=True)
class LiftTaints:
    """Remove taints from a Node: each with its place in the list."""

    name: str
    uid: str
    taints: tuple[tuple[int, Taint], ...]
