"""What plans ask for: small frozen values that the executor turns into API calls.

Each names the object that was looked at (UID, resourceVersion), so that a write which was decided
on an old state is refused by the API server instead of undoing a newer one.
"""

from wasmwright_operator.actions.classes import (
    ApplyRuntimeClass,
    DeleteRuntimeClass,
    DisownRuntimeClass,
    ReleaseRuntimeClass,
)
from wasmwright_operator.actions.events import EmitEvent, EventType
from wasmwright_operator.actions.ledger import ReserveSlots
from wasmwright_operator.actions.nodepods import EvictPod, LookAtPods
from wasmwright_operator.actions.nodes import CordonNode, LabelNode, LiftTaints, UncordonNode
from wasmwright_operator.actions.revisions import CreateRevision, DeleteRevision, NumberRevision
from wasmwright_operator.actions.runtimes import SetFinalizers, WriteRuntimeStatus
from wasmwright_operator.actions.wake import Wake
from wasmwright_operator.actions.wasmnodes import (
    CreateWasmNode,
    DeleteWasmNode,
    UpdateWasmNode,
    WriteNodeStatus,
)
from wasmwright_operator.actions.work import (
    CreateJob,
    CreateSmokeTest,
    DeleteJob,
    DeletePod,
    ReadWarnings,
)

Action = (
    CreateWasmNode
    | UpdateWasmNode
    | ReserveSlots
    | DeleteWasmNode
    | WriteNodeStatus
    | LabelNode
    | CordonNode
    | UncordonNode
    | LiftTaints
    | LookAtPods
    | EvictPod
    | CreateJob
    | DeleteJob
    | CreateSmokeTest
    | ReadWarnings
    | DeletePod
    | SetFinalizers
    | WriteRuntimeStatus
    | CreateRevision
    | NumberRevision
    | DeleteRevision
    | ApplyRuntimeClass
    | ReleaseRuntimeClass
    | DisownRuntimeClass
    | DeleteRuntimeClass
    | EmitEvent
    | Wake
)

__all__ = [
    "Action",
    "ApplyRuntimeClass",
    "CordonNode",
    "CreateJob",
    "CreateRevision",
    "CreateSmokeTest",
    "CreateWasmNode",
    "DeleteJob",
    "DeletePod",
    "DeleteRevision",
    "DeleteRuntimeClass",
    "DeleteWasmNode",
    "DisownRuntimeClass",
    "EmitEvent",
    "EventType",
    "EvictPod",
    "LabelNode",
    "LiftTaints",
    "LookAtPods",
    "NumberRevision",
    "ReadWarnings",
    "ReleaseRuntimeClass",
    "ReserveSlots",
    "SetFinalizers",
    "UncordonNode",
    "UpdateWasmNode",
    "Wake",
    "WriteNodeStatus",
    "WriteRuntimeStatus",
]
