"""The figures of other installers under the same test, and ours beside them."""

from typing import Any, Final

from rich.console import Console
from rich.table import Table

from perf.fleet.targets import ROWS, Row

RCM: Final = "runtime-class-manager"
KWASM: Final = "kwasm-operator"

_ALWAYS: Final[dict[str, dict[str, str]]] = {
    RCM: {
        "max_installers_in_flight": "no limit (123)",
        "max_installers_with_kills": "no limit",
        "nodes_left_out": "0 (5000: 3)",
        "nodes_wrong_after_kills": "1 of 150, 1 of 2 kills",
        "writes_per_failed_attempt": "100 per s, or none",
        "failed_reason": "none, 60 ms",
        "jobs_left": "all",
        "left_when_object_gone": "all, after 0.3 s",
        "left_when_class_gone": "all, after 0.4 s",
        "opt_out_runs": "0",
        "opt_out_labels_left": "1",
        "nodes_never_served": "2 of 3, writing on",
        "events_per_runtime": "0",
        "steady_writes": "0",
        "steady_cpu_s_per_minute": "0.03",
    },
    KWASM: {
        "max_installers_in_flight": "no limit (176)",
        "max_installers_with_kills": "no limit",
        "nodes_left_out": "0",
        "nodes_wrong_after_kills": "1 of 150, 2 of 2 kills",
        "writes_per_failed_attempt": "0, then 409 without end",
        "failed_reason": "none: provisioned",
        "jobs_left": "all",
        "opt_out_runs": "0",
        "opt_out_labels_left": "0",
        "nodes_never_served": "3 of 3",
        "events_per_runtime": "0",
        "steady_writes": "0",
        "steady_cpu_s_per_minute": "0.02",
    },
}
"""However many runtimes there are; what they do to a changed source is in `_UNCHANGED`."""

_PEERS: Final[dict[int, dict[str, dict[str, str]]]] = {
    1: {
        RCM: {
            "operator_writes_per_node": "3.0-3.6",
            "jobs_per_node": "1",
            "whole_node_writes": "2 per node",
            "max_jobs_in_flight": "123",
            "seconds_to_last_node": "82",
            "floor_seconds": "22",
            "times_the_floor": "3.7",
            "operator_cpu_ms_per_node": "6-11",
            "control_plane_cpu_ms_per_node": "127",
            "operator_peak_rss_mb": "188, 5000: 361",
            "restart_writes": "1 per node",
            "log_kb": "2800-5600",
        },
        KWASM: {
            "operator_writes_per_node": "2.0",
            "jobs_per_node": "1",
            "whole_node_writes": "1 per node",
            "max_jobs_in_flight": "176",
            "seconds_to_last_node": "49: label before the Job",
            "floor_seconds": "22",
            "times_the_floor": "2.2",
            "operator_cpu_ms_per_node": "3.5-5",
            "control_plane_cpu_ms_per_node": "78",
            "operator_peak_rss_mb": "131",
            "restart_writes": "0",
            "log_kb": "500-600",
        },
    },
    3: {
        RCM: {
            "operator_writes_per_node": "9.2-9.6",
            "jobs_per_node": "3",
            "whole_node_writes": "6 per node",
            "max_jobs_in_flight": "31 (300 nodes)",
            "seconds_to_last_node": "63 (300 nodes)",
            "operator_cpu_ms_per_node": "18-23",
            "operator_peak_rss_mb": "68 (300 lean nodes)",
            "restart_writes": "3 per node",
            "log_kb": "2400 (300 nodes)",
        },
        KWASM: {},
    },
}
"""By number of runtimes: 1,000 nodes on two cores (memory: of 21 kB each), few others at work."""

_UNCHANGED: Final = "T14", "all"
"""Neither of them notices that a source has changed."""


def show(totals: dict[str, Any], console: Console) -> None:
    """Print our totals beside what they are to be, and what was measured of the others."""
    peers = _PEERS.get(totals["runtimes"], _PEERS[1])
    title = f"{totals['nodes']} nodes, {totals['runtimes']} runtimes; the others: 1000 nodes"
    table = Table(
        "", "", "wasmwright", "", "to be", *peers, title=title, title_justify="left", box=None
    )
    for row in ROWS:
        others = (_of(peer, row, peers[peer]) for peer in peers)
        mark = "" if not row.goal else "missed" if row.is_missed(totals) else "ok"
        table.add_row(row.number, row.words, str(totals[row.key]), mark, row.goal, *others)
    console.print(table)
    console.print(
        f"load average {totals['load_before']} before, {totals['load_at_floor']} without the"
        f" operator, {totals['load_at_rollout']} with it; controller manager: {totals['kcm_flags']}"
    )


def _of(peer: str, row: Row, figures: dict[str, str]) -> str:
    number, told = _UNCHANGED
    if row.number == number:
        return told
    return figures.get(row.key) or _ALWAYS[peer].get(row.key, "-")
