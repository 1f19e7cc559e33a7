"""What is asked of WasmNodes."""

from dataclasses import dataclass

from wasmwright_operator.actions.events import EmitEvent
from wasmwright_operator.api.wasmnode import WasmNodeSpec, WasmNodeStatus


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
class WriteNodeStatus:
    """Write what a node has."""

    name: str
    resource_version: str
    status: WasmNodeStatus


@dataclass(frozen=True, slots=True)
class DeleteWasmNode:
    """Forget a node that has nothing of us, or that is another node by now."""

    name: str
    uid: str
    resource_version: str
