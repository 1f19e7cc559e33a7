"""What is asked of WasmRuntimes."""

from dataclasses import dataclass

from wasmwright_operator.actions.events import EmitEvent
from wasmwright_operator.api.runtime_status import WasmRuntimeStatus


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
