"""Which tests run side by side: the schedule of `pytest --dist loadscope`, in lanes.

A lane holds the tests that need the same kind of thing, and says how many workers may have one at a
time. A worker enters the first lane that has room, stays until nothing is left there, and goes on
to the next: what waits for clusters begins first, what keeps a processor busy fills the rest. In a
lane the work is handed out by unit, a module as a rule, so that its fixtures are made once.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import pytest
from _pytest.runner import runtestprotocol
from typing_extensions import override
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController


@dataclass(frozen=True, slots=True)
class Lane:
    """Tests that need the same kind of thing."""

    folders: tuple[str, ...]
    """How the paths of its modules begin."""
    workers: int
    """How many may be in it at the same time."""
    niceness: int = 0
    """How far its tests step back for those of other lanes, whose patience is in seconds."""
    long: tuple[str, ...] = ()
    """Modules that begin first, because nobody should wait for them at the end."""


NODES: Final = Lane(
    folders=("tests/e2e/", "tests/integration/localcluster/"),
    workers=2,
    long=(
        "tests/e2e/test_faults.py",
        "tests/e2e/test_many_rounds.py",
        "tests/e2e/test_layouts.py",
    ),
)
"""Real nodes. Each worker raises clusters of its own, which cost a core while they come up."""

API_SERVER: Final = Lane(folders=("tests/integration/",), workers=2)
"""A control plane for each worker, with nodes that are only objects."""

PROCESSOR: Final = Lane(
    folders=("tests/",),
    workers=1_000,
    niceness=10,
    long=(
        "tests/oracle/test_crash.py",
        "tests/oracle/test_generated.py",
        "tests/unit/installer/apply/test_crash.py",
        "tests/unit/installer/apply/test_write_errors.py",
        "tests/unit/installer/apply/test_crash_takeover.py",
    ),
)
"""Nothing but a processor: unit tests, daemons that are asked for their opinion."""

LANES: Final = (NODES, API_SERVER, PROCESSOR)

_DIVISIBLE: Final = ("tests/oracle/test_matrix.py", "tests/oracle/test_takeover.py")
"""Modules of hundreds of cases that share nothing but what a daemon has said of a main file."""


def lane_of(nodeid: str) -> Lane:
    """Return the lane of a test: the first one that names its folder."""
    return next((lane for lane in LANES if nodeid.startswith(lane.folders)), PROCESSOR)


def unit_of(nodeid: str) -> str:
    """Return what a test is handed out with: its module, or its daemon and main file."""
    if nodeid.startswith(_DIVISIBLE):
        return "-".join(nodeid.split("-")[:2])
    return nodeid.partition("::")[0]


class LaneScheduling(LoadScopeScheduling):
    """Hands a worker the units of its lane before it lets the worker go on to the next lane."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._lanes: dict[WorkerController, Lane] = {}

    @override
    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

    @override
    def schedule(self) -> None:
        """Hand out the work; a worker holds its last test until it has more or is told to end."""
        super().schedule()
        for node in self.nodes:
            self._reschedule(node)

    @override
    def remove_node(self, node: WorkerController) -> str | None:
        """Have what a worker that died had left done by another one, and that only."""
        units = self.assigned_work[node]
        for unit in [name for name, tests in units.items() if all(tests.values())]:
            del units[unit]
        return super().remove_node(node)

    @override
    def _assign_work_unit(self, node: WorkerController) -> None:
        unit = self._next_unit(node)
        if unit is None:
            node.shutdown()
            return
        self._lanes[node] = lane_of(unit)
        self.workqueue.move_to_end(unit, last=False)
        super()._assign_work_unit(node)

    def _next_unit(self, node: WorkerController) -> str | None:
        """Return what a worker does next, and None if others have the places in all lanes."""
        for lane in LANES:
            units = [unit for unit in self.workqueue if lane_of(unit) is lane]
            if units and self._has_room(lane, node):
                return min(units, key=lambda unit: _rank(lane, unit))
        return None

    def _has_room(self, lane: Lane, node: WorkerController) -> bool:
        others = (self._lanes.get(other) for other in self.nodes if other is not node)
        return sum(other is lane for other in others) < lane.workers


def _rank(lane: Lane, unit: str) -> int:
    return lane.long.index(unit) if unit in lane.long else len(lane.long)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LaneScheduling | None:
    return LaneScheduling(config, log) if config.getvalue("dist") == "loadscope" else None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    node.workerinput["lanes"] = node.config.getvalue("dist") == "loadscope"


def _has_lanes(item: pytest.Item) -> bool:
    return bool(getattr(item.config, "workerinput", {}).get("lanes"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if _has_lanes(item):
        with suppress(PermissionError):  # who is not root can step back and not come forward again
            os.setpriority(os.PRIO_PROCESS, 0, lane_of(item.nodeid).niceness)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """End with a lane what its tests share: a cluster that nobody asks again costs a processor."""
    if nextitem is None or not _has_lanes(item) or _is_same_lane(item, nextitem):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    runtestprotocol(item, nextitem=None)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _is_same_lane(one: pytest.Item, other: pytest.Item) -> bool:
    return lane_of(one.nodeid) is lane_of(other.nodeid)
