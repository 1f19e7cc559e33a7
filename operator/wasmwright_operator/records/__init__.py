"""Small records of the objects that decisions are made from; raw objects are never kept."""

from wasmwright_operator.records.node import NodeRecord, Taint, parse_node
from wasmwright_operator.records.nodepods import Eviction, NodePod, PodsLook, parse_node_pod
from wasmwright_operator.records.revision import RevisionRecord, parse_revision
from wasmwright_operator.records.runtime import RuntimeRecord, parse_runtime
from wasmwright_operator.records.runtimeclass import (
    RuntimeClassRecord,
    ShimOwner,
    parse_runtime_class,
)
from wasmwright_operator.records.slots import LedgerRecord, Slot, parse_ledger
from wasmwright_operator.records.warnings import parse_warnings
from wasmwright_operator.records.wasmnode import WasmNodeRecord, parse_wasm_node
from wasmwright_operator.records.work import (
    ContainerRecord,
    ContainerState,
    JobOutcome,
    JobRecord,
    PodRecord,
    RunKey,
    SmokeTestRecord,
    parse_job,
    parse_pod,
)

__all__ = [
    "ContainerRecord",
    "ContainerState",
    "Eviction",
    "JobOutcome",
    "JobRecord",
    "LedgerRecord",
    "NodePod",
    "NodeRecord",
    "PodRecord",
    "PodsLook",
    "RevisionRecord",
    "RunKey",
    "RuntimeClassRecord",
    "RuntimeRecord",
    "ShimOwner",
    "Slot",
    "SmokeTestRecord",
    "Taint",
    "WasmNodeRecord",
    "parse_job",
    "parse_ledger",
    "parse_node",
    "parse_node_pod",
    "parse_pod",
    "parse_revision",
    "parse_runtime",
    "parse_runtime_class",
    "parse_warnings",
    "parse_wasm_node",
]
