"""Who is to have which runtimes, and who may change now: pure decisions over a snapshot."""

from wasmwright_operator.fleet.goals import Memo
from wasmwright_operator.fleet.plan import plan_fleet
from wasmwright_operator.fleet.snapshot import DeclareAhead, FleetPolicy, Snapshot

__all__ = ["DeclareAhead", "FleetPolicy", "Memo", "Snapshot", "plan_fleet"]
