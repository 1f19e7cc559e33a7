"""The benchmark of a fleet measures what happened, by the commands of its page on few nodes."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from perf.fleet.__main__ import main
from perf.fleet.table import main as print_table

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
COMMANDS = re.findall(r"^make (bench-.*)$", (ROOT / "docs/scale.md").read_text(), re.MULTILINE)
NODES = 20
FEW = f"NODES={NODES}"
QUICK = "--max-parallel 5 --steady-seconds 1 --kills 2 --job-seconds 5"
KEYS = {
    "nodes",
    "runtimes",
    "jobs_per_node",
    "operator_requests_per_node",
    "operator_cpu_ms_per_node",
    "operator_peak_rss_mb",
    "max_jobs_in_flight",
    "seconds_to_last_node",
}


@pytest.fixture(scope="module")
def output() -> str:
    (command,) = [it for it in COMMANDS if it.startswith("bench-fleet NODES=1000 RUNTIMES=3")]
    return make(*command.replace("NODES=1000", FEW).split(), f"ARGS={QUICK}")


@pytest.fixture(scope="module")
def lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def make(*arguments: str) -> str:
    done = subprocess.run(
        ["make", "-s", *arguments], stdout=subprocess.PIPE, check=True, cwd=ROOT, text=True
    )
    return done.stdout


def of(lines: list[dict[str, Any]], measure: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["measure"] == measure]


def test_bench_fleet__all_nodes_provisioned__ends_with_totals_that_agree_with_its_lines(
    lines: list[dict[str, Any]],
) -> None:
    totals, requests = lines[-1], of(lines, "requests")

    assert totals.keys() >= KEYS
    assert (totals["nodes_provisioned"], totals["runtimes"]) == (NODES, 3)
    assert sum(row["requests"] for row in requests) / NODES == pytest.approx(
        totals["operator_requests_per_node"], abs=0.01
    )
    (jobs,) = [row for row in requests if (row["verb"], row["resource"]) == ("create", "jobs")]
    assert jobs["requests"] / NODES == totals["jobs_per_node"] >= 1
    assert totals["seconds_to_last_node"] > 0 < totals["floor_seconds"]
    assert 40 < totals["operator_peak_rss_mb"] < 300
    assert totals["operator_cpu_ms_per_node"] > 0
    assert totals["node_bytes"] == pytest.approx(21_000, rel=0.05)


def test_bench_fleet__max_parallel_of_five__is_seen_from_outside(
    lines: list[dict[str, Any]],
) -> None:
    assert lines[-1]["max_installers_in_flight"] == 5


def test_bench_fleet__steady_state_and_restart__are_without_writes(
    lines: list[dict[str, Any]],
) -> None:
    (steady,), (restart,) = of(lines, "steady"), of(lines, "restart")

    assert steady["writes"] == restart["writes"] == 0
    assert restart["requests"] > 0, "the operator that was started again listed what there is"


def test_bench_fleet__changed_source_and_two_kills__leave_every_node_right(
    lines: list[dict[str, Any]],
) -> None:
    (killed,) = of(lines, "kills")

    assert (killed["kills"], killed["nodes_wrong"]) == (2, 0)
    assert killed["max_installers_in_flight"] <= 5
    assert killed["jobs"] >= NODES, "each node got the changed source by a run"


def test_bench_fleet__probes__find_what_is_promised(lines: list[dict[str, Any]]) -> None:
    (found,) = of(lines, "probes")

    assert found == {
        "measure": "probes",
        "nodes_never_served": 0,
        "opt_out_runs": 1,
        "opt_out_labels_left": 0,
        "writes_per_failed_attempt": 3,
        "failed_label": "failed",
        "failed_reason": "RolledBack",
        "next_retry_known": True,
        "left_when_object_gone": 0,
        "left_when_class_gone": 0,
        "jobs_left": 0,
    }


def test_bench_fleet__totals__name_the_targets_that_were_missed(
    lines: list[dict[str, Any]],
) -> None:
    missed = set(lines[-1]["targets_missed"])

    shared_by_few, told_by_a_clock = {"T1, T2", "T7", "T7b"}, {"T6", "T9", "T10"}
    assert missed <= shared_by_few | told_by_a_clock


def test_table__of_what_it_printed__has_a_column_for_it(output: str, tmp_path: Path) -> None:
    file = tmp_path / "figures.jsonl"
    file.write_text(output)

    found = CliRunner().invoke(print_table, [str(file)], catch_exceptions=False)

    assert found.output.startswith(f"|  |  | {NODES} x 3, 22 kB | to be |")


@pytest.mark.parametrize("command", [it for it in COMMANDS if "bench-fleet" in it])
def test_command_of_the_page__is_taken_by_the_benchmark(command: str) -> None:
    run = make("-n", *command.split()).splitlines()[-1]
    program, _, options = run.partition(" -m perf.fleet ")

    assert program.endswith("python")
    assert main.make_context("perf.fleet", options.split()).params["runtimes"] in {1, 3}


def test_bench_plan__on_few_nodes__tells_what_each_stage_takes() -> None:
    assert "bench-plan" in COMMANDS
    told = [json.loads(line) for line in make("bench-plan", "NODES=60").splitlines()]

    assert [line["stage"] for line in told] == ["rolling", "first", "steady"]
    assert all(0 < line["least_ms"] <= line["median_ms"] <= line["most_ms"] for line in told)
