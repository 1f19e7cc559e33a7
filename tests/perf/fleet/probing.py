"""What the probes look for: how things end, and in which order."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from integration.operator.api import Raw

T = TypeVar("T")


def last_of(look: Callable[[], T], *, until: Callable[[T], object], within: float) -> T:
    """Return what `look` finds as soon as `until` accepts it, or what it finds in the end."""
    deadline = time.monotonic() + within
    seen = look()
    while not until(seen) and time.monotonic() < deadline:
        time.sleep(0.1)
        seen = look()
    return seen


def last_gain(look: Callable[[], int], *, goal: int, within: float) -> int:
    """Return a count as soon as it is the goal, or when it has not grown for so many seconds."""
    most, since = look(), time.monotonic()
    while most < goal and time.monotonic() - since < within:
        time.sleep(0.1)
        count = look()
        if count > most:
            most, since = count, time.monotonic()
    return most


@dataclass
class Departure:
    """When the nodes of a runtime lost its label, and when its objects went; versions as times."""

    label: str
    holding: set[str] = field(default_factory=set)
    cleaned: dict[str, int] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    """By the path of the object."""

    def take_node(self, kind: str, raw: Raw) -> None:
        """See whether a node has the label."""
        name = raw["metadata"]["name"]
        if kind != "DELETED" and self.label in raw["metadata"]["labels"]:
            self.holding.add(name)
        elif name in self.holding:
            self.holding.remove(name)
            self.cleaned[name] = _version(raw)

    def taking(self, path: str) -> Callable[[str, Raw], None]:
        """Return what notes when the object at a path goes."""

        def take(kind: str, raw: Raw) -> None:
            if kind == "DELETED":
                self.gone[path] = _version(raw)

        return take

    def left_behind(self, path: str) -> int | None:
        """Return how many nodes still had the label when that object went; None = it did not."""
        if path not in self.gone:
            return None
        late = [name for name, version in self.cleaned.items() if version > self.gone[path]]
        return len(late) + len(self.holding)


def _version(raw: Raw) -> int:
    return int(raw["metadata"]["resourceVersion"])
