"""The command line of the benchmark."""

import json
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from integration.operator.world import OperatorProcess
from localcluster.pytest_plugin import QUICK_CONTROLLERS
from perf.fleet import audit, fake_nodes, floor, kills, peers, probes, rest, rollout, targets
from perf.fleet.options import Options
from perf.fleet.processes import load, peak_rss_mb
from perf.fleet.testbed import Testbed, testbed

_console = Console(stderr=True, width=None if sys.stderr.isatty() else 140)
_DEFAULT = Options()


@click.command()
@click.option("--nodes", default=_DEFAULT.nodes, show_default=True)
@click.option("--runtimes", type=click.IntRange(1, 3), default=1, show_default=True)
@click.option("--lean", is_flag=True, help="Nodes of 2 kB instead of 21 kB.")
@click.option("--max-parallel", default=_DEFAULT.max_parallel, show_default=True)
@click.option("--api-rate", default=_DEFAULT.api_rate, show_default=True)
@click.option("--steady-seconds", default=_DEFAULT.steady_seconds, show_default=True)
@click.option("--kills", default=_DEFAULT.kills, show_default=True)
@click.option("--seed", default=_DEFAULT.seed, show_default=True, help="Of the kills.")
@click.option("--job-seconds", default=_DEFAULT.job_seconds, show_default=True)
def main(**options: Any) -> None:
    """Measure a rollout over a fleet of nodes that kwok plays."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to stop"))
    with tempfile.TemporaryDirectory(prefix="wasmwright-bench-") as work:
        with testbed(Path(work), _console.log) as bed:
            totals = measure(bed, Options(**options))
        totals["targets_missed"] = targets.missed(totals)
        peers.show(totals, _console)
    _emit("totals", totals)
    sys.exit(0 if totals["nodes_provisioned"] == totals["nodes"] else 1)


def measure(bed: Testbed, options: Options) -> dict[str, Any]:
    """Print a line for each measurement and return the totals."""
    load_before = load()
    _console.log(f"registering {options.nodes} nodes")
    size = fake_nodes.create(bed.api, fake_nodes.names(options.nodes), lean=options.lean)
    _console.log("the floor: Jobs without an operator")
    lowest = _emit("floor", floor.measure(bed, options))
    first = bed.operator("first", api_rate=options.api_rate)
    second = bed.operator("second", api_rate=options.api_rate, job_seconds=options.job_seconds)
    try:
        figures = _operator(bed, first, second, options)
    finally:
        first.kill()
        second.kill()
    circumstances = {
        "node_bytes": size,
        "max_parallel": options.max_parallel,
        "api_rate": options.api_rate,
        "kcm_flags": " ".join(QUICK_CONTROLLERS),
        "load_before": load_before,
    }
    return _totals(options, lowest, figures) | circumstances


def _operator(
    bed: Testbed, first: OperatorProcess, second: OperatorProcess, options: Options
) -> dict[str, dict[str, Any]]:
    _console.log("starting the operator")
    start = rest.start(first)
    _console.log(f"rolling {options.runtimes} runtimes out")
    rolled_out, requests = rollout.measure(bed, first, options)
    for row in audit.table(requests):
        _emit("requests", row)
    assert first.child is not None
    memory = {"peak_rss_mb": peak_rss_mb(first.child.pid)}
    rolled_out = _emit("rollout", rolled_out | memory | {"start": start})
    _console.log(f"watching it do nothing for {options.steady_seconds:g} s")
    steady = _emit("steady", rest.steady(bed, first, options))
    _console.log("restarting it")
    restart = _emit("restart", rest.restart(bed, first, second))
    _console.log(f"rolling a changed source out, killing the operator {options.kills} times")
    killed = _emit("kills", kills.measure(bed, second, options))
    _console.log("doing to a few nodes what other installers failed at")
    probed = _emit("probes", probes.measure(bed, options))
    return {
        "rollout": rolled_out,
        "steady": steady,
        "restart": restart,
        "kills": killed,
        "probes": probed,
    }


def _totals(
    options: Options, lowest: dict[str, Any], figures: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    rolled_out, nodes = figures["rollout"], options.nodes
    return {
        "nodes": nodes,
        "runtimes": options.runtimes,
        "jobs_per_node": round(rolled_out["jobs"] / nodes, 2),
        "operator_requests_per_node": round(rolled_out["requests"] / nodes, 2),
        "operator_writes_per_node": round(rolled_out["writes"] / nodes, 2),
        "operator_cpu_ms_per_node": round(1000 * rolled_out["cpu_s"] / nodes, 1),
        "operator_peak_rss_mb": rolled_out["peak_rss_mb"],
        "max_jobs_in_flight": rolled_out["max_jobs_in_flight"],
        "max_installers_in_flight": rolled_out["max_installers_in_flight"],
        "seconds_to_last_node": rolled_out["seconds"],
        "floor_seconds": lowest["seconds"],
        "times_the_floor": round(rolled_out["seconds"] / lowest["seconds"], 2),
        "nodes_provisioned": rolled_out["nodes_provisioned"],
        "nodes_left_out": nodes - rolled_out["nodes_provisioned"],
        "whole_node_writes": rolled_out["whole_node_writes"],
        "refused": rolled_out["refused"],
        "events_per_runtime": round(rolled_out["events"] / options.runtimes, 1),
        "log_kb": rolled_out["log_kb"],
        "control_plane_cpu_ms_per_node": rolled_out["control_plane_cpu_ms_per_node"],
        "floor_control_plane_cpu_ms_per_node": lowest["control_plane_cpu_ms_per_node"],
        "steady_cpu_s_per_minute": figures["steady"]["cpu_s_per_minute"],
        "steady_writes": figures["steady"]["writes"],
        "restart_in_sync_s": figures["restart"]["in_sync_s"],
        "restart_ready_s": figures["restart"]["ready_s"],
        "restart_peak_rss_mb": figures["restart"]["peak_rss_mb"],
        "restart_writes": figures["restart"]["writes"],
        "kills": figures["kills"]["kills"],
        "nodes_wrong_after_kills": figures["kills"]["nodes_wrong"],
        "max_installers_with_kills": figures["kills"]["max_installers_in_flight"],
        **figures["probes"],
        "load_at_floor": lowest["load"],
        "load_at_rollout": rolled_out["load"],
    }


def _emit(measure: str, figures: dict[str, Any]) -> dict[str, Any]:
    print(json.dumps({"measure": measure, **figures}), flush=True)  # noqa: T201 - the result
    return figures


if __name__ == "__main__":
    main()
