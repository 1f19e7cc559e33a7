"""The figures of other installers under the same test, and ours beside them."""

from typing import Any, Final

from rich.console import Console
from rich.table import Table

RCM: Final = "runtime-class-manager"
KWASM: Final = "kwasm-operator"

_ROWS: Final = {
    "operator_writes_per_node": ("writes per node", "<= 5"),
    "jobs_per_node": ("Jobs per node", "1"),
    "whole_node_writes": ("writes of whole Nodes", "0"),
    "max_jobs_in_flight": ("Jobs at once at most", ""),
    "max_installers_in_flight": ("installers at once at most", "maxParallel"),
    "seconds_to_last_node": ("seconds to the last node", ""),
    "floor_seconds": ("seconds without any operator", ""),
    "times_the_floor": ("the one divided by the other", "<= 1.5"),
    "operator_cpu_ms_per_node": ("operator CPU, ms per node", "<= 12"),
    "control_plane_cpu_ms_per_node": ("control plane CPU, ms per node", "<= 80"),
    "operator_peak_rss_mb": ("operator memory at most, MB", "<= 150, 5000 lean: 300"),
    "steady_cpu_s_per_minute": ("steady state: CPU s per minute", "<= 0.5"),
    "steady_writes": ("steady state: writes", "0"),
    "restart_writes": ("writes after a restart", "0"),
    "restart_ready_s": ("seconds until a restarted one is ready", "< 6"),
    "nodes_left_out": ("nodes that never got it", "0"),
    "events": ("Events", "per change of phase"),
    "log_kb": ("log, kB", "<= 1000"),
}
"""What is compared: in words, and what it is to be."""

_PEERS: Final[dict[int, dict[str, dict[str, str]]]] = {
    1: {
        RCM: {
            "operator_writes_per_node": "3.0-3.6",
            "whole_node_writes": "2 per node",
            "times_the_floor": "3.7",
            "steady_writes": "0",
            "nodes_left_out": "0 (5000: 3)",
            "events": "0",
            "log_kb": "2800-5600",
            "jobs_per_node": "1",
            "operator_cpu_ms_per_node": "6-11",
            "operator_peak_rss_mb": "188",
            "max_jobs_in_flight": "no limit (123)",
            "seconds_to_last_node": "82",
            "floor_seconds": "22",
            "control_plane_cpu_ms_per_node": "127",
            "steady_cpu_s_per_minute": "0.03",
            "restart_writes": "1 per node",
        },
        KWASM: {
            "operator_writes_per_node": "2.0",
            "whole_node_writes": "1 per node",
            "times_the_floor": "2.2",
            "steady_writes": "0",
            "nodes_left_out": "0",
            "events": "0",
            "log_kb": "500-600",
            "jobs_per_node": "1",
            "operator_cpu_ms_per_node": "3.5-5",
            "operator_peak_rss_mb": "131",
            "max_jobs_in_flight": "no limit (176)",
            "seconds_to_last_node": "49 (label before the Job ran)",
            "floor_seconds": "22",
            "control_plane_cpu_ms_per_node": "78",
            "steady_cpu_s_per_minute": "0.02",
            "restart_writes": "0",
        },
    },
    3: {
        RCM: {
            "operator_writes_per_node": "9.2-9.6",
            "whole_node_writes": "6 per node",
            "steady_writes": "0",
            "nodes_left_out": "0 (300 nodes)",
            "events": "0",
            "log_kb": "2400 (300 nodes)",
            "jobs_per_node": "3",
            "operator_cpu_ms_per_node": "18-23",
            "operator_peak_rss_mb": "68 (300 lean nodes)",
            "max_jobs_in_flight": "no limit (31)",
            "seconds_to_last_node": "63 (300 nodes)",
            "restart_writes": "3 per node",
        },
    },
}
"""By number of runtimes: 1,000 nodes on two cores (memory: of 21 kB each), few others at work."""


def show(totals: dict[str, Any], console: Console) -> None:
    """Print our totals beside what was measured of the others in the same way."""
    peers = _PEERS.get(totals["runtimes"], {})
    title = f"{totals['nodes']} nodes, {totals['runtimes']} runtimes; the others: 1000 nodes"
    heads = ("", "wasmwright", "to be", *peers)
    table = Table(*heads, title=title, title_justify="left", box=None)
    for key, (words, goal) in _ROWS.items():
        others = (peer.get(key, "-") for peer in peers.values())
        table.add_row(words, str(totals[key]), goal, *others)
    console.print(table)
    console.print(
        f"load average {totals['load_before']} before, {totals['load_at_floor']} without the"
        f" operator, {totals['load_at_rollout']} with it; controller manager: {totals['kcm_flags']}"
    )
