"""What the totals of a benchmark are to be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import eq, ge, le, lt
from typing import Any, Final

Totals = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One quantity that is compared."""

    number: str
    """Of the target."""
    words: str
    key: str
    """Of the totals."""
    goal: str = ""
    """In words; none for a figure that only explains others."""
    holds: Callable[[Totals], bool] = lambda _: True

    def is_missed(self, totals: Totals) -> bool:
        """Tell whether the figure is not what it is to be."""
        return bool(self.goal) and not self.holds(totals)


def missed(totals: Totals) -> list[str]:
    """Return the numbers of the targets that were not reached."""
    return [*dict.fromkeys(row.number for row in ROWS if row.is_missed(totals))]


def _row(
    number: str, words: str, key: str, sign: str, bound: Any, compare: Callable[[Any, Any], bool]
) -> Row:
    return Row(number, words, key, f"{sign} {bound}".strip(), lambda it: compare(it[key], bound))


def _is(number: str, words: str, key: str, wanted: Any) -> Row:
    return _row(number, words, key, "", wanted, eq)


def _at_most(number: str, words: str, key: str, bound: float) -> Row:
    return _row(number, words, key, "<=", bound, le)


def _memory(totals: Totals) -> bool:
    return bool(totals["operator_peak_rss_mb"] <= (150 if totals["nodes"] <= 1000 else 300))


def _parallel(totals: Totals) -> bool:
    return bool(totals["max_installers_in_flight"] <= totals["max_parallel"])


def _parallel_with_kills(totals: Totals) -> bool:
    return bool(totals["max_installers_with_kills"] <= totals["max_parallel"])


ROWS: Final = (
    _at_most("T1, T2", "writes per node, also with 3", "operator_writes_per_node", 5),
    _is("T3", "Jobs per node", "jobs_per_node", 1),
    _is("T4", "writes of whole Nodes", "whole_node_writes", 0),
    Row("T5", "installers at once", "max_installers_in_flight", "<= maxParallel", _parallel),
    Row(
        "T5",
        "the same with kills",
        "max_installers_with_kills",
        "<= maxParallel",
        _parallel_with_kills,
    ),
    Row("T5", "Jobs not yet called ended", "max_jobs_in_flight"),
    Row("T6", "seconds to the last node", "seconds_to_last_node"),
    Row("T6", "seconds without any operator", "floor_seconds"),
    _at_most("T6", "the one divided by the other", "times_the_floor", 1.5),
    _at_most("T7", "operator CPU, ms per node", "operator_cpu_ms_per_node", 12),
    _at_most("T7b", "control plane CPU, ms per node", "control_plane_cpu_ms_per_node", 80),
    Row("T8", "operator memory, MB", "operator_peak_rss_mb", "<= 150, 5000: 300", _memory),
    _is("T9", "steady state: writes", "steady_writes", 0),
    _at_most("T9", "steady state: CPU s per minute", "steady_cpu_s_per_minute", 0.5),
    _is("T10", "restart: writes", "restart_writes", 0),
    _row("T10", "restart: seconds until in sync", "restart_in_sync_s", "<", 6, lt),
    _is("T11", "nodes that never got it", "nodes_left_out", 0),
    _is("T11", "nodes wrong after the kills", "nodes_wrong_after_kills", 0),
    _at_most("T12", "writes per failing attempt", "writes_per_failed_attempt", 3),
    _is("T12", "reason that stays on the node", "failed_reason", "RolledBack"),
    _is("T13", "Jobs left after success", "jobs_left", 0),
    _is("T14", "nodes that miss a changed source", "nodes_wrong_after_kills", 0),
    _is("T15", "nodes not clean when it went", "left_when_object_gone", 0),
    _is("T15", "the same of its RuntimeClass", "left_when_class_gone", 0),
    _is("T16", "opted out: runs to uninstall", "opt_out_runs", 1),
    _is("T16", "opted out: labels left", "opt_out_labels_left", 0),
    _is("T17", "long or returning names: unserved", "nodes_never_served", 0),
    _row("T18", "Events per runtime: it says more", "events_per_runtime", ">=", 1, ge),
    _at_most("T18", "Events per runtime: never a flood", "events_per_runtime", 5),
    _at_most("T19", "log, kB", "log_kb", 1000),
)
"""In the order of their numbers."""
