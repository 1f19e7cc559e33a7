"""Which conditions a WasmRuntime has."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from wasmwright_operator.api.meta import Condition
from wasmwright_operator.conditions import capped, condition
from wasmwright_operator.fleet.acceptance import Acceptance
from wasmwright_operator.fleet.status.findings import Findings, Told
from wasmwright_operator.fleet.status.obstacles import deletion_blocked
from wasmwright_operator.fleet.status.progress import progressing
from wasmwright_operator.fleet.status.readiness import degraded, ready
from wasmwright_operator.fleet.status.usability import available, runtime_class_ready
from wasmwright_operator.fleet.survey import Survey
from wasmwright_operator.fleet.trust import UNVERIFIED, tell_unverified

ORDER_BUG: Final = "ContainerdHandlerOrderBug"


def conditions_of(findings: Findings, now: datetime) -> Iterator[Condition]:
    """Yield all conditions of a WasmRuntime, not dated yet."""
    told = [
        _accepted(findings.acceptance),
        progressing(findings, now),
        ready(findings, now),
        available(findings),
        degraded(findings),
        _halted(findings),
        runtime_class_ready(findings),
    ]
    unverified = tell_unverified(findings.runtime, findings.survey.holders)
    if unverified and findings.acceptance.is_accepted:
        told.append((UNVERIFIED, True, *unverified))
    if findings.survey.with_order_bug:
        told.append(_order_bug(findings.survey))
    if findings.runtime.deleting:
        told.append(deletion_blocked(findings.runtime, findings.removal))
    for kind, holds, reason, message in told:
        yield condition(
            kind,
            holds=holds,
            reason=reason,
            message=message,
            generation=findings.runtime.generation,
        )


def _accepted(acceptance: Acceptance) -> Told:
    return "Accepted", acceptance.is_accepted, acceptance.reason, acceptance.message


def _halted(findings: Findings) -> Told:
    status = findings.rollout.status
    if not status.halted_reason:
        return "Halted", False, "NotHalted", "nothing holds the rollout up for good"
    return "Halted", True, status.halted_reason, status.halted_message


def _order_bug(found: Survey) -> Told:
    nodes = found.with_order_bug
    message = (
        f"{len(nodes)} nodes have containerd 2.1.0 to 2.1.3, which lists handlers in another order"
        " each time, so that kubelets rewrite their Node every few seconds: update containerd to"
        f" 2.1.4 or later on {capped(nodes)}"
    )
    return ORDER_BUG, True, "UpdateContainerd", message
