"""`WasmNode`: what one node is to have now, and what it has."""

from enum import StrEnum

from pydantic import Field
from wasmwright_installer.contract import HandlerEntry, RuntimeEntry, RuntimeState, WasmPods

from wasmwright_operator.api.meta import ApiModel, Condition


class WasmNodeSpec(ApiModel):
    """Written by the operator's fleet reconcile, one write per admitted change."""

    node_uid: str
    """A node that comes back under the same name is another node."""
    hash: str
    """`contract.desired_hash` of `runtimes`."""
    attempt: int = 1
    """Grows by one for each run that is admitted for the same hash."""
    runtimes: tuple[RuntimeEntry, ...] = ()
    declared: tuple[HandlerEntry, ...] = ()
    wasm_pods: WasmPods = WasmPods.WAIT
    reinstall_token: str = ""
    retry_token: str = ""


class NodeState(StrEnum):
    """The one word that people look for in `kubectl get wn`."""

    PENDING = "Pending"
    APPLYING = "Applying"
    READY = "Ready"
    FAILED = "Failed"
    BLOCKED = "Blocked"
    UNSUPPORTED = "Unsupported"


class InstalledRuntime(ApiModel):
    """A runtime as the last run left it."""

    name: str
    handler: str
    version: str = ""
    digest: str = ""
    state: RuntimeState
    message: str = ""


class RunError(ApiModel):
    """Why the last run did not reach its goal."""

    reason: str
    message: str
    exit_code: int | None = None
    time: str = ""


class WasmNodeStatus(ApiModel):
    """Written by the operator's node reconcile from the results of Jobs."""

    state: NodeState = NodeState.PENDING
    installed_hash: str = ""
    concluded_hash: str = ""
    """With `concluded_attempt`: the run that ended last. The node is in flight while these differ
    from the spec, which is how slots are counted."""
    concluded_attempt: int = 0
    failures: int = 0
    """Failed runs in a row for this hash; the backoff grows with it."""
    runtimes: tuple[InstalledRuntime, ...] = ()
    summary: str = ""
    """`spin ready, wasmtime failed`: for the table that kubectl prints."""
    last_error: RunError | None = None
    next_retry: str = ""
    handlers: tuple[str, ...] = Field(default=(), max_length=64)
    warnings: tuple[str, ...] = ()
    machine_id: str = ""
    boot_id: str = ""
    container_runtime: str = ""
    distribution: str = ""
    config_file: str = ""
    plugin_table: str = ""
    conditions: tuple[Condition, ...] = ()
