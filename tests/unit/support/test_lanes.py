"""Who gets which tests, played with workers that only note what they are sent."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

from support.lanes import API_SERVER, LANES, NODES, PROCESSOR, LaneScheduling, lane_of, unit_of
from unit.support.nested import run_pytest

ROOT = Path(__file__).parents[3]


@dataclass(eq=False)
class Worker:
    tests: list[str] = field(default_factory=list)
    collection: list[str] = field(default_factory=list)
    shutting_down: bool = False
    gateway: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(id="gw"))

    def send_runtest_some(self, indices: list[int]) -> None:
        self.tests += [self.collection[index] for index in indices]

    def shutdown(self) -> None:
        self.shutting_down = True


def module(path: str, tests: int) -> list[str]:
    return [f"tests/{path}.py::test_{number}" for number in range(tests)]


def given(workers: int, *modules: list[str]) -> tuple[LaneScheduling, list[Worker]]:
    option = SimpleNamespace(loadscopereorder=True, tx=["popen"] * workers, maxprocesses=None)
    config = SimpleNamespace(option=option, getvalue=lambda name: getattr(option, name))
    scheduling = LaneScheduling(config, None)
    tests = [test for each in modules for test in each]
    there = [Worker(collection=tests) for _ in range(workers)]
    for worker in there:
        scheduling.add_node(worker)  # type: ignore[arg-type]
        scheduling.add_node_collection(worker, tests)  # type: ignore[arg-type]
    scheduling.schedule()
    return scheduling, there


def run(scheduling: LaneScheduling, workers: list[Worker]) -> None:
    """Have each worker end one test after the other, in turns.

    A worker runs its last one only when it has been told that nothing comes after it.
    """
    done = dict.fromkeys(workers, 0)

    def goes_on(worker: Worker) -> bool:
        return done[worker] + (not worker.shutting_down) < len(worker.tests)

    while any(map(goes_on, workers)):
        for worker in workers:
            if goes_on(worker):
                index = worker.collection.index(worker.tests[done[worker]])
                done[worker] += 1
                scheduling.mark_test_complete(worker, index)  # type: ignore[arg-type]


def modules_of(worker: Worker) -> list[str]:
    return list(dict.fromkeys(unit_of(test) for test in worker.tests))


@pytest.mark.parametrize(
    ("path", "lane"),
    [
        ("tests/e2e/test_faults.py", NODES),
        ("tests/integration/localcluster/test_traces.py", NODES),
        ("tests/integration/operator/test_install.py", API_SERVER),
        ("tests/integration/test_bench_fleet.py", API_SERVER),
        ("tests/integration/installer/test_crio.py", API_SERVER),
        ("tests/oracle/test_matrix.py", PROCESSOR),
        ("tests/unit/test_any.py", PROCESSOR),
    ],
)
def test_lane_of__path_of_a_test__is_the_lane_of_what_it_needs(path: str, lane: object) -> None:
    assert lane_of(f"{path}::test_x") is lane


def _paths() -> Iterator[str]:
    for lane in LANES:
        yield from lane.folders
        yield from lane.long


@pytest.mark.parametrize("path", sorted(set(_paths())))
def test_lanes__each_path_in_them__is_there(path: str) -> None:
    assert list(ROOT.glob(f"{path}*"))


def test_unit_of__oracle__is_the_daemon_with_the_main_file() -> None:
    case = "tests/oracle/test_matrix.py::test_plan[1.7 of Debian-AKS schema 2-upgrade-twice]"
    assert unit_of(case) == "tests/oracle/test_matrix.py::test_plan[1.7 of Debian-AKS schema 2"
    assert unit_of("tests/unit/test_a.py::test_b[c-d]") == "tests/unit/test_a.py"


def test_schedule__workers_for_all_lanes__begin_with_what_takes_longest() -> None:
    _, workers = given(
        5,
        module("e2e/test_faults", 3),
        module("e2e/test_install", 9),
        module("e2e/test_many_rounds", 3),
        module("integration/operator/test_a", 3),
        module("integration/operator/test_b", 4),
        module("unit/test_a", 3),
    )
    assert [modules_of(worker)[0].removeprefix("tests/") for worker in workers] == [
        "e2e/test_faults.py",
        "e2e/test_many_rounds.py",
        "integration/operator/test_b.py",
        "integration/operator/test_a.py",
        "unit/test_a.py",
    ]


def test_schedule__more_workers_than_places__nobody_else_raises_nodes() -> None:
    many = [module(f"e2e/test_{letter}", 4) for letter in "abcdef"]
    scheduling, workers = given(4, *many, module("unit/test_a", 3))
    run(scheduling, workers)
    lanes = [{lane_of(test).folders for test in worker.tests} for worker in workers]
    assert [NODES.folders in lane for lane in lanes] == [True, True, False, False]
    assert workers[3].shutting_down


@pytest.mark.parametrize("workers", range(1, 7))
def test_schedule__any_number_of_workers__each_test_is_run_once_and_all_end(workers: int) -> None:
    folders = ("e2e", "integration/operator", "integration/localcluster", "oracle", "unit")
    modules = [module(f"{folder}/test_{n}", n) for folder in folders for n in range(1, 5)]
    scheduling, there = given(workers, *modules)
    run(scheduling, there)
    expected = sorted(test for each in modules for test in each)
    assert sorted(test for worker in there for test in worker.tests) == expected
    assert all(worker.shutting_down for worker in there)
    assert scheduling.tests_finished


def test_run__worker_dies__its_tests_are_done_by_the_one_that_comes_for_it() -> None:
    scheduling, (first, second) = given(2, module("e2e/test_a", 4), module("e2e/test_b", 4))
    assert scheduling.remove_node(first) == first.tests[0]  # type: ignore[arg-type]
    third: Any = Worker(collection=second.collection)
    scheduling.add_node(third)
    scheduling.add_node_collection(third, third.collection)
    scheduling.schedule()
    run(scheduling, [second, third])
    assert set(second.tests + third.tests) == set(second.collection)


def test_run__worker_dies_at_its_last_test__only_that_is_done_by_the_one_that_comes() -> None:
    scheduling, (first, second) = given(2, module("e2e/test_a", 3), module("e2e/test_b", 3))
    for index in range(len(first.tests) - 1):
        scheduling.mark_test_complete(first, first.collection.index(first.tests[index]))  # type: ignore[arg-type]
    run(scheduling, [second])
    assert scheduling.remove_node(first) == first.tests[-1]  # type: ignore[arg-type]
    third: Any = Worker(collection=second.collection)
    scheduling.add_node(third)
    scheduling.add_node_collection(third, third.collection)
    scheduling.schedule()
    run(scheduling, [third])
    assert third.tests == first.tests[-1:]
    assert third.shutting_down
    assert scheduling.tests_finished


SHARED: Final = """
import os
from pathlib import Path
import pytest

@pytest.fixture(scope="session")
def cluster():
    there = Path(f"{os.getpid()}.cluster")
    there.touch()
    yield there
    there.unlink()
"""
TWO_OF_ONE_LANE: Final = """
def test_1(cluster):
    assert cluster.exists()

def test_2(cluster):
    assert cluster.exists()
"""
AFTER_THEM: Final = """
from pathlib import Path

def test_nothing_is_left():
    assert not list(Path().glob("*.cluster"))
"""


def test_run__last_test_of_a_lane__ends_what_its_session_shares(tmp_path: Path) -> None:
    written = {
        "conftest.py": SHARED,
        "tests/e2e/test_a.py": TWO_OF_ONE_LANE,
        "tests/e2e/test_b.py": TWO_OF_ONE_LANE,
        "tests/unit/test_c.py": AFTER_THEM,
    }
    for name, text in written.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    options = ("-p", "support.lanes", "-p", "no:cacheprovider", "-n", "1", "--dist", "loadscope")
    said = run_pytest(tmp_path, *options, "tests")
    assert "5 passed" in said, said
