"""What a WasmRuntime's status says of it, and which of that is told as Events."""

from wasmwright_operator.fleet.status.findings import Findings
from wasmwright_operator.fleet.status.plan import plan_status

__all__ = ["Findings", "plan_status"]
