"""The judge of the fleet tests finds what it is there to find, and the stories come from seeds."""

from typing import Any, cast

import pytest

from integration.operator.chaos.story import Deed, Fate, invent
from integration.operator.history import Change, History
from integration.operator.moment import Moment
from integration.operator.referee import most, violations
from wasmwright_operator import names


class Told:
    """A history that is made up."""

    def __init__(self, *changes: tuple[str, str, dict[str, Any]]) -> None:
        self.changes = [Change(at, *change) for at, change in enumerate(changes)]

    def moments(self) -> Any:
        moment = Moment()
        for change in self.changes:
            moment.take(change.resource, change.kind, change.raw)
            moment.version = change.version
            yield moment

    def created(self, resource: str) -> Any:
        return [it.raw for it in self.changes if (it.resource, it.kind) == (resource, "ADDED")]


def judged(*changes: tuple[str, str, dict[str, Any]]) -> list[str]:
    return violations(cast("History", Told(*changes)))


def runtime(max_parallel: int) -> tuple[str, str, dict[str, Any]]:
    spec = {"rollout": {"maxParallel": max_parallel}}
    return "wasmruntimes", "ADDED", {"metadata": {"name": "spin", "uid": "r"}, "spec": spec}


def node(name: str) -> tuple[str, str, dict[str, Any]]:
    return "nodes", "ADDED", {"metadata": {"name": name, "uid": f"uid-{name}"}}


def claim(name: str, concluded: int = 0) -> tuple[str, str, dict[str, Any]]:
    status = {"concludedHash": "h", "concludedAttempt": concluded} if concluded else {}
    spec = {"hash": "h", "attempt": 1, "changes": ["spin"]}
    metadata = {"name": name, "uid": f"wn-{name}"}
    return "wasmnodes", "ADDED", {"metadata": metadata, "spec": spec, "status": status}


def pod(name: str, on: str, phase: str = "Running") -> tuple[str, str, dict[str, Any]]:
    annotations = {
        names.JOB_OWNER: f"wn-{on}",
        names.JOB_HASH: "h",
        names.JOB_ATTEMPT: "1",
        names.DOCUMENT: f'{{"node": {{"uid": "uid-{on}"}}}}',
    }
    metadata = {"name": name, "uid": name, "annotations": annotations}
    raw = {"metadata": metadata, "spec": {"nodeName": on}, "status": {"phase": phase}}
    return "pods", "ADDED", raw


PAIR = (node("a"), node("b"), claim("a"), claim("b"))


def test_referee__two_in_flight_for_an_instant__says_so_when_one_is_allowed() -> None:
    history = (runtime(1), *PAIR, claim("a", concluded=1), claim("b", concluded=1))
    assert judged(*history) == ["at 4: 2 nodes in flight for spin, 1 allowed"]
    assert judged(runtime(2), *history[1:]) == []
    assert most(cast("History", Told(*history)), "spin") == (2, 0)


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (pod("q", on="b"), 1),
        (pod("q", on="b", phase="Succeeded"), 0),
        (pod("q", on="c"), 0),
    ],
    ids=["runs", "ended", "its-node-is-gone"],
)
def test_referee__two_installers__counts_those_that_may_change_a_node(
    second: tuple[str, str, dict[str, Any]], expected: int
) -> None:
    concluded = (claim("a", concluded=1), claim("b", concluded=1), claim("c", concluded=1))
    found = judged(runtime(1), node("a"), node("b"), *concluded, pod("p", on="a"), second)
    assert len(found) == expected


def test_referee__second_pod_of_a_run__is_told_and_so_is_the_crowded_node() -> None:
    found = judged(runtime(5), *PAIR, pod("p", on="a"), pod("q", on="a"))
    assert found == ["2 pods for run wn-a/h/1", "at 6: 2 installers on node a"]


def test_invent__same_seed__tells_the_same_story_with_every_fate_and_an_upgrade() -> None:
    story = invent(7, nodes=60, steps=20)
    assert story == invent(7, nodes=60, steps=20) != invent(8, nodes=60, steps=20)
    assert set(story.fates.values()) == set(Fate)
    assert [step.deed for step in story.steps].count(Deed.UPGRADE) >= 1
    assert [step.after_writes for step in story.steps] == sorted(
        step.after_writes for step in story.steps
    )
