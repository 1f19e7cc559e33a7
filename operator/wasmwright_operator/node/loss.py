"""What a node was proved to serve and does not serve any more."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wasmwright_installer.contract import RuntimeState
from wasmwright_operator.api.wasmnode import (
    DRIFTED,
    InstalledRuntime,
    NodeState,
    RunError,
    WasmNodeStatus,
)
from wasmwright_operator.conditions import capped, parse_time, rfc3339, rounded_up
from wasmwright_operator.node.outcome import Outcome
from wasmwright_operator.records import NodeRecord, WasmNodeRecord

NOT_SERVED: Final = "HandlerNotServed"
"""The run proved the handler by CRI, but the kubelet never came to report it."""

_GRACE: Final = timedelta(seconds=120)
"""How long after a run the kubelet may report what it saw before: it asks the container runtime
every 5 s and reports every 10 s, and both stand still while the node is busy."""
_FRESH: Final = timedelta(seconds=60)
"""How long after the grace a missing handler counts as never served, not as lost."""
_REPAIR_FIRST: Final = timedelta(seconds=60)
_REPAIR_LONGEST: Final = timedelta(hours=1)
_MANY: Final = 10
_STORE_LOST: Final = frozenset({"ArtifactMissing", "StoreDamaged"})


@dataclass(frozen=True, slots=True)
class Loss:
    """Runtimes whose handlers the kubelet does not report."""

    names: frozenset[str]
    handlers: frozenset[str]
    counts_from: datetime | None
    """Until then the report may be an old one; None = nobody knows when the last run ended."""


def judged(
    node: NodeRecord, record: WasmNodeRecord, now: datetime
) -> tuple[WasmNodeStatus, datetime | None]:
    """Return what the kubelet's report makes of a settled node's status, and when to look again."""
    if is_served_after_all(node, record):
        return after_all(record), None
    loss = observe_loss(node, record)
    if loss is None:
        return record.status, None
    if loss.counts_from is not None and now < loss.counts_from:
        return record.status, loss.counts_from
    return after_loss(record, loss, now), None


def observe_loss(node: NodeRecord, record: WasmNodeRecord) -> Loss | None:
    """Return what the kubelet denies of what the last runs proved; it need not say anything."""
    if node.handlers is None:
        return None
    wanted = {entry.name for entry in record.spec.runtimes}
    denied = [
        item
        for item in record.status.runtimes
        if item.state is RuntimeState.READY
        and item.name in wanted
        and item.handler not in node.handlers
    ]
    if not denied:
        return None
    ended = parse_time(record.status.concluded_at)
    return Loss(
        names=frozenset(item.name for item in denied),
        handlers=frozenset(item.handler for item in denied),
        counts_from=ended and ended + _GRACE,
    )


def after_loss(record: WasmNodeRecord, loss: Loss, now: datetime) -> WasmNodeStatus:
    """Return the status of a node whose kubelet no longer reports what it served."""
    is_new = loss.counts_from is not None and now < loss.counts_from + _FRESH
    reason, what = (
        (NOT_SERVED, "never came to report") if is_new else (DRIFTED, "no longer reports")
    )
    message = (
        f"the kubelet {what} handler {capped(loss.handlers)} that the last run proved to be served:"
        " somebody else changes the container runtime's configuration, or the kubelet uses another"
        " container runtime than the run did; see 'wasmwright-installer status' on the node"
    )
    status = _without(record.status, loss.names, message)
    if record.has_failed:
        return status.model_copy(update={"drifts": status.drifts + 1})
    status = _drifted(status, reason, message, now)
    if not is_new:
        return status
    since = status.failing_since or rfc3339(now)
    return status.model_copy(update={"failures": status.failures + 1, "failing_since": since})


def is_store_lost(record: WasmNodeRecord, problem: Outcome) -> bool:
    """Tell whether a run that expected to find everything in place found the binaries gone."""
    return record.is_look and problem.reason in _STORE_LOST


def after_lost_store(
    record: WasmNodeRecord, status: WasmNodeStatus, problem: Outcome, now: datetime
) -> WasmNodeStatus:
    """Return the status of a node that lost binaries: no failure, and the next run mends it."""
    names = frozenset(entry.name for entry in record.spec.runtimes if entry.source.artifact)
    status = _without(status, names, problem.message).model_copy(update={"stored": ()})
    return _drifted(status, DRIFTED, problem.message, now)


def _without(status: WasmNodeStatus, names: frozenset[str], message: str) -> WasmNodeStatus:
    """Return the status in which these runtimes are not ready."""
    runtimes = tuple(
        _changed(item, RuntimeState.FAILED, message) if item.name in names else item
        for item in status.runtimes
    )
    return status.model_copy(update={"runtimes": runtimes})


def _changed(item: InstalledRuntime, state: RuntimeState, message: str) -> InstalledRuntime:
    return item.model_copy(update={"state": state, "message": message})


def _drifted(status: WasmNodeStatus, reason: str, message: str, now: datetime) -> WasmNodeStatus:
    drifts = status.drifts + 1
    return status.model_copy(
        update={
            "state": NodeState.FAILED,
            "drifts": drifts,
            "last_error": RunError(reason=reason, message=message, time=rfc3339(now)),
            "next_retry": rfc3339(_repair_time(status, drifts, now)),
        }
    )


def _repair_time(status: WasmNodeStatus, drifts: int, now: datetime) -> datetime:
    """Return when to repair: at once, unless the last run was short ago and losses are many.

    A node that somebody else changes back again and again is thus repaired once an hour.
    """
    ended = parse_time(status.concluded_at)
    delay = min(_REPAIR_FIRST * 2 ** min(drifts - 1, _MANY), _REPAIR_LONGEST)
    earliest = ended + delay if ended is not None and drifts > 1 else now
    return rounded_up(max(now, earliest))


def denial(node: NodeRecord, record: WasmNodeRecord) -> str:
    """Return why a success is not believed: the kubelet denied the one before and still does."""
    error = record.status.last_error
    is_doubted = error is not None and error.reason == NOT_SERVED
    if not is_doubted or record.spec.hash != record.status.installed_hash:
        return ""
    handlers = _denied(node, record)
    if not handlers:
        return ""
    return (
        f"the run found handler {capped(handlers)} served, as the one before did, but the kubelet"
        " still does not report it: compare the kubelet's --container-runtime-endpoint with the"
        f" socket of {record.status.container_runtime or 'the container runtime'}"
    )


def is_served_after_all(node: NodeRecord, record: WasmNodeRecord) -> bool:
    """Tell whether the kubelet has come to report what it denied after the last run."""
    error = record.status.last_error
    is_doubted = record.has_failed and error is not None and error.reason == NOT_SERVED
    return is_doubted and node.handlers is not None and not _denied(node, record)


def _denied(node: NodeRecord, record: WasmNodeRecord) -> set[str]:
    if node.handlers is None:
        return set()
    return {entry.handler.handler for entry in record.spec.runtimes} - node.handlers


def after_all(record: WasmNodeRecord) -> WasmNodeStatus:
    """Return the status of a node whose kubelet was late."""
    wanted = {entry.name for entry in record.spec.runtimes}
    runtimes = tuple(
        _changed(item, RuntimeState.READY, "") if item.name in wanted else item
        for item in record.status.runtimes
    )
    return record.status.model_copy(
        update={
            "state": NodeState.READY,
            "failures": 0,
            "failing_since": "",
            "runtimes": runtimes,
            "last_error": None,
            "next_retry": "",
        }
    )
