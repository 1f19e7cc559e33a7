"""What a benchmark of a fleet is held against."""

import io
import itertools
from typing import Any

import pytest
from rich.console import Console

from perf.fleet import peers, targets
from perf.fleet.probing import Departure, last_gain, last_of

REACHED: dict[str, Any] = {
    **{row.key: 0 for row in targets.ROWS},
    "jobs_per_node": 1,
    "opt_out_runs": 1,
    "events_per_runtime": 2,
    "failed_reason": "RolledBack",
    "nodes": 1000,
    "max_parallel": 100,
}
CIRCUMSTANCES = ("load_before", "load_at_floor", "load_at_rollout", "kcm_flags")


def raw(name: str, version: int, **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "resourceVersion": str(version), "labels": labels}}


def test_missed__when_all_is_reached__is_empty() -> None:
    assert targets.missed(REACHED) == []


@pytest.mark.parametrize(
    ("figures", "number"),
    [
        ({"operator_writes_per_node": 5.1}, "T1, T2"),
        ({"jobs_per_node": 3}, "T3"),
        ({"max_installers_in_flight": 101}, "T5"),
        ({"max_installers_with_kills": 101}, "T5"),
        ({"times_the_floor": 1.6}, "T6"),
        ({"operator_peak_rss_mb": 151}, "T8"),
        ({"restart_in_sync_s": 6.0}, "T10"),
        ({"failed_reason": ""}, "T12"),
        ({"opt_out_runs": 0}, "T16"),
        ({"events_per_runtime": 1000}, "T18"),
    ],
    ids=str,
)
def test_missed__one_figure_beyond_its_bound__names_its_target(
    figures: dict[str, Any], number: str
) -> None:
    assert targets.missed(REACHED | figures) == [number]


def test_missed__memory__may_be_larger_for_more_nodes() -> None:
    assert targets.missed(REACHED | {"operator_peak_rss_mb": 290, "nodes": 5000}) == []


def test_rows__have_the_numbers_one_to_nineteen() -> None:
    numbers = {part for row in targets.ROWS for part in row.number.split(", ")}

    assert numbers == {"T7b", *(f"T{number}" for number in range(1, 20))}


@pytest.mark.parametrize("runtimes", [1, 2, 3])
def test_show__prints_every_target_with_the_figures_of_others(runtimes: int) -> None:
    into = io.StringIO()
    totals = {**REACHED, "runtimes": runtimes, **dict.fromkeys(CIRCUMSTANCES, "-")}

    peers.show(totals, Console(file=into, width=200))

    lines = into.getvalue().splitlines()
    assert peers.RCM in lines[1]
    assert peers.KWASM in lines[1]
    assert [line.split("  ")[0].strip() for line in lines[2 : len(targets.ROWS) + 2]] == [
        row.number for row in targets.ROWS
    ]


def test_departure__object_that_went_before_a_node_was_clean__has_left_it_behind() -> None:
    seen = Departure("wasm")
    for name in ("n1", "n2", "n3"):
        seen.take_node("ADDED", raw(name, 1, wasm="ready"))
    seen.take_node("MODIFIED", raw("n1", 5))
    seen.taking("/class")("DELETED", raw("spin", 6))
    seen.take_node("MODIFIED", raw("n2", 7))
    seen.taking("/object")("MODIFIED", raw("spin", 8))
    seen.taking("/object")("DELETED", raw("spin", 9))

    assert (seen.left_behind("/class"), seen.left_behind("/object")) == (2, 1)


def test_last_of__what_never_comes__returns_what_was_there_in_the_end() -> None:
    assert last_of(lambda: 3, until=(4).__eq__, within=0) == 3


def test_last_gain__of_what_grows_slower_than_its_patience_in_all__waits_for_the_goal() -> None:
    counts = iter((1, 1, 2, 2, 3, 3, 4))
    assert last_gain(lambda: next(counts), goal=4, within=30) == 4


def test_last_gain__of_what_stands_still__returns_what_it_came_to() -> None:
    counts = itertools.chain((1, 2), itertools.repeat(2))
    assert last_gain(lambda: next(counts), goal=4, within=0.3) == 2
