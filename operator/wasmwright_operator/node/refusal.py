"""How a run ends when the API server refuses what it cannot do without."""

from typing import Final

from wasmwright_operator.actions import CreateJob, CreateSmokeTest, LookAtPods
from wasmwright_operator.node.outcome import Outcome
from wasmwright_operator.node.reasons import ADMISSION
from wasmwright_operator.node.smoketest import refused_test

JOB_REFUSED: Final = "JobRefused"
"""The API server did not take the Job."""
PODS_FORBIDDEN: Final = "PodsForbidden"
"""The API server did not tell us of the node's pods."""

Needed = CreateJob | LookAtPods | CreateSmokeTest
"""Actions without which a run cannot go on."""


def refused(action: Needed, message: str) -> Outcome:
    """Return the end of the run, with what a person can do about it."""
    match action:
        case CreateJob():
            return refused_job(message)
        case CreateSmokeTest():
            return refused_test(action, message)
        case LookAtPods():
            advice = "give the operator that right with the chart's value rbac.evictPods"
            return Outcome(PODS_FORBIDDEN, f"{message}; {advice}")


def refused_job(message: str) -> Outcome:
    """Return the end of a run whose Job the API server did not take."""
    return Outcome(JOB_REFUSED, f"{message}; {ADMISSION}")
