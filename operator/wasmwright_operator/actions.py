"""What plans ask for: small frozen values that the executor turns into API calls.

Each names the object that was looked at (UID, resourceVersion), so that a write which was decided
on an old state is refused by the API server instead of undoing a newer one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from wasmwright_installer.contract import ApplyResult, NodeDocument
from wasmwright_operator.api.runtime_status import WasmRuntimeStatus
from wasmwright_operator.api.wasmnode import SmokeTest, WasmNodeSpec, WasmNodeStatus
from wasmwright_operator.records import RunKey, ShimOwner, Slot, Taint


class EventType(StrEnum):
    """The two types of Kubernetes Events."""

    NORMAL = "Normal"
    WARNING = "Warning"


@dataclass(frozen=True, slots=True)
class EmitEvent:
    """Tell a person something, once."""

    api_version: str
    kind: str
    name: str
    uid: str
    type: EventType
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class CreateWasmNode:
    """Start to look after a node; the Node becomes its owner."""

    name: str
    spec: WasmNodeSpec
    events: tuple[EmitEvent, ...] = ()
    """What to tell once the write has succeeded."""
    presumed_absent: tuple[str, ...] = ()
    """WasmRuntimes that nobody has told us of: look again before saying that there are none.

    Nodes and WasmRuntimes come by two watches, so the one that asks may be seen before the other.
    """


@dataclass(frozen=True, slots=True)
class UpdateWasmNode:
    """Write what a node is to have."""

    name: str
    resource_version: str
    spec: WasmNodeSpec
    events: tuple[EmitEvent, ...] = ()
    presumed_absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReserveSlots:
    """Write down which runs are admitted, before their WasmNodes are written.

    The write carries the version of the ledger that was counted, so that of two writers with the
    same ledger only one admits anything.
    """

    resource_version: str
    """Empty = there is no ledger yet."""
    taken: Mapping[str, Slot] = field(default_factory=dict)
    """By the node's name."""
    released: tuple[str, ...] = ()
    """Keys that go."""
    presumed_unwritten: Mapping[str, Slot] = field(default_factory=dict)
    """Of these: runs that were admitted and never begun; look again before saying so."""
    unreadable: tuple[str, ...] = ()
    """Of these: keys that somebody else wrote."""


@dataclass(frozen=True, slots=True)
class DeleteWasmNode:
    """Forget a node that has nothing of us, or that is another node by now."""

    name: str
    uid: str
    resource_version: str


@dataclass(frozen=True, slots=True)
class WriteNodeStatus:
    """Write what a node has."""

    name: str
    resource_version: str
    status: WasmNodeStatus


@dataclass(frozen=True, slots=True)
class LabelNode:
    """Set (a string) or remove (None) labels of a Node."""

    name: str
    uid: str
    changes: Mapping[str, str | None]
    had_labels: bool = True
    """Whether the Node has any label: a JSON patch cannot add to a map that is not there."""


@dataclass(frozen=True, slots=True)
class CordonNode:
    """Let no new pods come to a node that nobody has cordoned, and say that it was us."""

    name: str
    uid: str
    mark: str
    is_annotated: bool = True
    """Whether the Node has any annotation; see `LabelNode.had_labels`."""


@dataclass(frozen=True, slots=True)
class UncordonNode:
    """Take our mark off a node, and the cordon with it if that still stands."""

    name: str
    uid: str
    mark: str
    is_cordoned: bool = True


@dataclass(frozen=True, slots=True)
class LiftTaints:
    """Remove taints from a Node: each with its place in the list."""

    name: str
    uid: str
    taints: tuple[tuple[int, Taint], ...]


@dataclass(frozen=True, slots=True)
class LookAtPods:
    """Ask the API server which pods are on a node now; none of them is watched."""

    node: str


@dataclass(frozen=True, slots=True)
class EvictPod:
    """Ask for a pod to leave its node, as far as its PodDisruptionBudgets allow."""

    node: str
    namespace: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class CreateJob:
    """Run the installer on a node."""

    node: str
    run: RunKey
    document: NodeDocument


@dataclass(frozen=True, slots=True)
class DeleteJob:
    """Stop a run that cannot succeed any more."""

    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class CreateSmokeTest:
    """Create the pod of a smoke test."""

    node: str
    run: RunKey
    test: SmokeTest
    is_oci_runtime: bool
    """Whether the pod has to say that it holds wasm."""
    result: ApplyResult
    """What the installer said: the pod keeps it for whoever reads how the test ended."""


@dataclass(frozen=True, slots=True)
class ReadWarnings:
    """Ask the API server what was told about the pod of a smoke test; no Event is watched."""

    node: str
    pod: str
    uid: str


@dataclass(frozen=True, slots=True)
class DeletePod:
    """Remove the pod of a smoke test."""

    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class SetFinalizers:
    """Replace the finalizers of a WasmRuntime."""

    name: str
    resource_version: str
    finalizers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WriteRuntimeStatus:
    """Write what has become of a WasmRuntime."""

    name: str
    resource_version: str
    status: WasmRuntimeStatus
    is_urgent: bool = False
    """Whether a condition changed; bare counts may wait for a moment."""
    events: tuple[EmitEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class CreateRevision:
    """Keep what a WasmRuntime renders to; the WasmRuntime becomes its owner."""

    name: str
    runtime: str
    runtime_uid: str
    number: int
    patch: tuple[Mapping[str, Any], ...] = field(hash=False)
    """A JSON patch for the WasmRuntime that makes it this revision again."""


@dataclass(frozen=True, slots=True)
class NumberRevision:
    """Say that a kept revision is the newest one again."""

    name: str
    resource_version: str
    number: int


@dataclass(frozen=True, slots=True)
class DeleteRevision:
    """Forget a revision that nobody can want back."""

    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class ApplyRuntimeClass:
    """Create a RuntimeClass or bring it to what it should say, by server-side apply."""

    name: str
    manifest: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class ReleaseRuntimeClass:
    """Take back what we wrote into a RuntimeClass that was there before us."""

    name: str
    handler: str


@dataclass(frozen=True, slots=True)
class DisownRuntimeClass:
    """Take a RuntimeClass that is ours by now from the Shim with which it would go."""

    name: str
    uid: str
    shim: ShimOwner
    has_shim_label: bool


@dataclass(frozen=True, slots=True)
class DeleteRuntimeClass:
    """Remove a RuntimeClass of ours."""

    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Wake:
    """Plan again at this time, even if nothing happens until then."""

    at: datetime


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
