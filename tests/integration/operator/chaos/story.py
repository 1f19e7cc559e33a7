"""What is done to a fleet while a runtime is rolled out over it: all of it follows from a seed."""

from dataclasses import dataclass
from enum import Enum, auto
from random import Random


class Fate(Enum):
    """How the installers of a node end."""

    GOOD = auto()
    FLAKY = auto()
    """The first one fails, the next ones do not."""
    BROKEN = auto()
    """Each one goes back to what was there."""
    HOPELESS = auto()
    """Each one says that the node is not supported."""
    HANGING = auto()
    """None ever ends; such a node vanishes."""


class Deed(Enum):
    """What is done at a step."""

    KILL = auto()
    """The operator, when it is about to write."""
    KILL_AFTER = auto()
    """The operator, when a write was made and before it knows."""
    VANISH = auto()
    REPLACE = auto()
    """A node vanishes, and another one comes under its name, with the labels that the old had."""
    LEAVE = auto()
    """A node asks for nothing any more."""
    COME_BACK = auto()
    """A node asks again."""
    SMEAR = auto()
    """Somebody changes our label on a node."""
    TOUCH = auto()
    """Somebody writes to the WasmNode of a node, so that versions known to others are old."""
    CUT = auto()
    """All watches break off."""
    UPGRADE = auto()
    """The runtime has another artifact."""


@dataclass(frozen=True)
class Step:
    """One deed, after a number of writes of the operator."""

    after_writes: int
    deed: Deed
    node: str = ""


@dataclass(frozen=True)
class Story:
    """A fleet and what happens to it."""

    seed: int
    fates: dict[str, Fate]
    steps: tuple[Step, ...]

    @property
    def nodes(self) -> tuple[str, ...]:
        """The names of the nodes at the beginning."""
        return tuple(self.fates)


_DEEDS = (
    *([Deed.KILL] * 2),
    *([Deed.KILL_AFTER] * 3),
    *([Deed.VANISH] * 2),
    *([Deed.REPLACE] * 4),
    *([Deed.LEAVE] * 2),
    Deed.COME_BACK,
    *([Deed.SMEAR] * 2),
    *([Deed.TOUCH] * 4),
    Deed.CUT,
)
"""As often as they stand here."""
_SHARES = ((Fate.FLAKY, 0.08), (Fate.BROKEN, 0.04), (Fate.HOPELESS, 0.04), (Fate.HANGING, 0.04))


def invent(seed: int, nodes: int, steps: int) -> Story:
    """Return the story of a seed; every fourth of its deeds at most is a kill."""
    dice = Random(seed)  # noqa: S311
    names = [f"s{seed}-{number:03}" for number in range(nodes)]
    fates = dict.fromkeys(names, Fate.GOOD)
    rest = dice.sample(names, len(names))
    for fate, share in _SHARES:
        for _ in range(max(1, round(share * nodes))):
            fates[rest.pop()] = fate
    deeds = [dice.choice(_DEEDS) for _ in range(steps)]
    deeds[steps // 2] = Deed.UPGRADE
    planned = _spread(dice, deeds, _targets(dice, fates), nodes)
    vanishing = [name for name, fate in fates.items() if fate is Fate.HANGING]
    last = max(step.after_writes for step in planned)
    planned += [Step(last + 1, Deed.VANISH, name) for name in vanishing]
    return Story(seed, fates, tuple(planned))


def _targets(dice: Random, fates: dict[str, Fate]) -> list[str]:
    good = [name for name, fate in fates.items() if fate in {Fate.GOOD, Fate.FLAKY}]
    return dice.sample(good, len(good))


def _spread(dice: Random, deeds: list[Deed], targets: list[str], nodes: int) -> list[Step]:
    """Give each deed a node of its own and a time; who comes back is one who has left."""
    times = sorted(dice.randrange(3, 4 * nodes) for _ in deeds)
    steps, left = [], []
    for after, deed in zip(times, deeds, strict=True):
        node = ""
        if deed is Deed.COME_BACK:
            node = left.pop(0) if left else ""
        elif deed in {Deed.VANISH, Deed.REPLACE, Deed.LEAVE, Deed.SMEAR, Deed.TOUCH}:
            node = targets.pop()
        if deed is Deed.LEAVE:
            left.append(node)
        if node or deed is not Deed.COME_BACK:
            steps.append(Step(after, deed, node))
    return steps
