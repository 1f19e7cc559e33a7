"""The targets of one plan, with those together that nothing sets apart."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from wasmwright_operator.fleet.targets import Kind, Target


@dataclass(slots=True)
class Roster:
    """All targets: a plan looks at those that stand alone, and at one of each kind."""

    by_name: Mapping[str, Target]
    now: datetime
    alone: list[Target] = field(default_factory=list)
    alike: Mapping[Kind, list[Target]] = field(default_factory=dict)
    next_look: datetime | None = None
    """When the first of those that are alike will stand alone."""

    def __post_init__(self) -> None:
        """Sort the targets."""
        alike: dict[Kind, list[Target]] = defaultdict(list)
        looks = []
        for target in self.by_name.values():
            if target.kind is None or self._is_looked_at(target):
                self.alone.append(target)
                continue
            alike[target.kind].append(target)
            if target.look_from is not None:
                looks.append(target.look_from)
        self.alike, self.next_look = alike, min(looks, default=None)

    def apart(self, named: Iterable[str]) -> list[Target]:
        """Return the targets that stand alone, and those with a name."""
        found = (self.by_name.get(name) for name in named)
        others = (it for it in found if it and it.kind and not self._is_looked_at(it))
        return [*self.alone, *others]

    def groups(self, named: Iterable[str]) -> Iterator[Sequence[Target]]:
        """Yield all targets in groups whose first stands for all; who has a name stands alone."""
        apart = self.apart(named)
        yield from ((target,) for target in apart)
        names, kinds = {it.node.name for it in apart}, {it.kind for it in apart}
        for kind, members in self.alike.items():
            rest = members
            if kind in kinds:
                rest = [it for it in members if it.node.name not in names]
            if rest:
                yield rest

    def _is_looked_at(self, target: Target) -> bool:
        return target.look_from is not None and target.look_from <= self.now
