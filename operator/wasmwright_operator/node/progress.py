"""How far a run is, from what its Job and its pod show."""

import re
from datetime import datetime, timedelta
from typing import Final

from wasmwright_operator.conditions import parse_time
from wasmwright_operator.node.outcome import NotStarted, Outcome, Progress, Underway
from wasmwright_operator.node.podend import ended_pod, untold
from wasmwright_operator.node.reasons import ADMISSION, DISRUPTED, NEXT_READS
from wasmwright_operator.node.stuck import waiting_pod
from wasmwright_operator.records import JobOutcome, JobRecord, PodRecord

_EXIT_CODE_IN_MESSAGE: Final = re.compile(r"failed with exit code (\d+)")
_POD_GRACE: Final = timedelta(seconds=5)
"""Job and pod come by two watches: how long the pod's last state may lag behind the Job's end."""
_NO_POD: Final = timedelta(seconds=60)
_LAST_WORDS: Final = timedelta(seconds=30)
"""How long a pod that ran out of time has for its end, and its kubelet to tell of it."""


def observe_run(
    job: JobRecord | None, pods: tuple[PodRecord, ...], *, was_lost: bool, now: datetime
) -> Progress:
    """Return how far a run is; `was_lost` tells that its Job was seen and then deleted."""
    pod = max(pods, key=lambda item: item.created, default=None)
    ended = ended_pod(pod) if pod is not None else None
    is_overdue = job is not None and bool(job.overdue_since)
    if ended is not None and (ended.result is not None or not is_overdue):
        return ended
    if job is None:
        return _without_job(pod, was_lost=was_lost)
    if is_overdue:
        return _overdue_job(job, now, has_ended=bool(ended or job.outcome))
    if job.outcome is not None:
        return _ended_job(job, now)
    if pod is None:
        return _without_pod(job, now)
    return waiting_pod(pod, now)


def _without_job(pod: PodRecord | None, *, was_lost: bool) -> Progress:
    if was_lost:
        told = "somebody deleted the Job before its result was read"
        return Outcome("JobLost", f"{told}; {NEXT_READS}")
    if pod is not None and not pod.deleting:
        return Underway(f"pod {pod.name} is there, its Job not yet")
    return NotStarted()


def _overdue_job(job: JobRecord, now: datetime, *, has_ended: bool) -> Progress:
    """A pod on a node that does not answer never ends, and its Job neither."""
    since = parse_time(job.overdue_since)
    if not has_ended and since is not None and now < since + _LAST_WORDS:
        note = f"Job {job.name} is over its deadline, its pod is to end"
        return Underway(note, look_again=since + _LAST_WORDS)
    told = "" if has_ended else ", and its pod does not end when it is told to"
    return Outcome(
        "DeadlineExceeded",
        f"Job {job.name} did not end in time{told}; see whether the node is Ready and what its pod"
        f" waited for; {NEXT_READS}",
    )


def _ended_job(job: JobRecord, now: datetime) -> Progress:
    finished = parse_time(job.finished)
    if finished is not None and now < finished + _POD_GRACE:
        return Underway("waiting for the pod's result", look_again=finished + _POD_GRACE)
    code = _EXIT_CODE_IN_MESSAGE.search(job.message)
    if code is not None:
        return untold(f"the pod of Job {job.name}, gone by now,", int(code[1]))
    if DISRUPTED in job.message:
        return Outcome("PodEvicted", f"the cluster ended the pod of Job {job.name}; {NEXT_READS}")
    if job.outcome is JobOutcome.COMPLETE:
        told = f"Job {job.name} succeeded, but its pod is gone"
        return Outcome("ResultLost", f"{told}; {NEXT_READS}")
    told = f"Job {job.name} failed and its pod is gone: {job.message}"
    return Outcome("PodLost", f"{told}; {NEXT_READS}")


def _without_pod(job: JobRecord, now: datetime) -> Progress:
    created = parse_time(job.created)
    if created is None or now < created + _NO_POD:
        look_again = created + _NO_POD if created else None
        return Underway(f"Job {job.name} has no pod yet", look_again=look_again)
    return Outcome(
        "PodNotCreated",
        f"Job {job.name} got no pod within {_NO_POD.seconds} s: {ADMISSION}, then see the Events"
        " of the Job",
        must_stop_job=True,
    )
