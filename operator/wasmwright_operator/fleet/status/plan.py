"""The write of a WasmRuntime's status."""

from collections.abc import Iterator
from datetime import datetime

from wasmwright_operator.actions import WriteRuntimeStatus
from wasmwright_operator.api.runtime_status import NodeCounts, WasmRuntimeStatus
from wasmwright_operator.conditions import with_times
from wasmwright_operator.fleet.status.conditions import conditions_of
from wasmwright_operator.fleet.status.events import events_of
from wasmwright_operator.fleet.status.findings import Findings
from wasmwright_operator.fleet.trust import recorded


def plan_status(findings: Findings, now: datetime) -> Iterator[WriteRuntimeStatus]:
    """Yield the write of the status, if it is to change."""
    runtime = findings.runtime
    status = WasmRuntimeStatus(
        observed_generation=runtime.generation,
        handler=runtime.handler,
        nodes=_counts(findings),
        summary=findings.summary,
        failures=findings.survey.first_failures,
        target_revision=findings.rollout.target,
        stable_revision=findings.rollout.stable,
        rollout=findings.rollout.status,
        digests=recorded(runtime, findings.survey.holders),
        excluded=findings.survey.first_excluded,
        conditions=with_times(runtime.status.conditions, conditions_of(findings, now), now),
    )
    if status != runtime.status:
        yield WriteRuntimeStatus(
            name=runtime.name,
            resource_version=runtime.resource_version,
            status=status,
            is_urgent=_gist(status) != _gist(runtime.status),
            events=tuple(events_of(runtime, status)),
        )


def _counts(findings: Findings) -> NodeCounts:
    orphaned = len(findings.removal.orphaned)
    return findings.survey.counts.model_copy(update={"orphaned": orphaned})


def _gist(status: WasmRuntimeStatus) -> tuple[object, ...]:
    """Return what people, and later plans, wait for."""
    bare = status.rollout.model_copy(update={"updated": 0, "progressed_at": ""})
    conditions = [(item.type, item.status, item.reason) for item in status.conditions]
    return bare, status.stable_revision, conditions
