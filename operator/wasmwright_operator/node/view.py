"""All that the plan of one node looks at."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wasmwright_operator.node.smoketest import Lost
from wasmwright_operator.records import NodeRecord, PodsLook, RunKey, WasmNodeRecord


@dataclass(frozen=True, slots=True)
class NodeView:
    """All that the plan of one node looks at, beside its Jobs and pods."""

    node: NodeRecord | None
    wasm_node: WasmNodeRecord | None
    lost_runs: frozenset[RunKey] = frozenset()
    """Runs whose Job was seen and then deleted by somebody."""
    look: PodsLook | None = None
    """The last look at everybody's pods on the node, while a run is under way that needs one."""
    lost_tests: Lost = frozenset()
    warnings: Mapping[str, str] = field(default_factory=dict)
    """What was told about pods of smoke tests, by their UIDs."""
