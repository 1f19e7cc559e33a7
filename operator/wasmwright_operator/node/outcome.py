"""How a run ended, from what its Job and pod show."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import ValidationError

from wasmwright_installer.contract import ApplyResult, ExitCode
from wasmwright_operator.conditions import parse_time
from wasmwright_operator.node.reasons import (
    ADMISSION,
    ADVICE,
    DISRUPTED,
    EVICTIONS,
    KILLED,
    NEXT_READS,
    REASONS,
    UNEXPLAINED,
)
from wasmwright_operator.records import (
    ContainerRecord,
    ContainerState,
    JobOutcome,
    JobRecord,
    PodRecord,
)

JOB_REFUSED: Final = "JobRefused"
"""The API server did not take the Job."""
PODS_FORBIDDEN: Final = "PodsForbidden"
"""The API server did not tell us of the node's pods."""

_REASON: Final = re.compile(r"[A-Z][A-Za-z0-9]{0,63}")
_EXIT_CODE_IN_MESSAGE: Final = re.compile(r"failed with exit code (\d+)")

_STUCK: Final = {
    "ImagePullBackOff": timedelta(seconds=60),
    "ErrImagePull": timedelta(seconds=60),
    "ErrImageNeverPull": timedelta(seconds=10),
    "InvalidImageName": timedelta(0),
    "CreateContainerConfigError": timedelta(seconds=60),
    "CreateContainerError": timedelta(seconds=60),
    "RunContainerError": timedelta(seconds=60),
}
"""Reasons of a waiting container from which it may not recover, and how long we let it try."""

_STUCK_NAMES: Final = {"ErrImagePull": "ImagePullBackOff"}
"""The kubelet alternates between these two."""

_POD_GRACE: Final = timedelta(seconds=5)
"""Job and pod come by two watches: how long the pod's last state may lag behind the Job's end."""
_NO_POD: Final = timedelta(seconds=60)
_LAST_WORDS: Final = timedelta(seconds=30)
"""How long a pod that ran out of time has for its end, and its kubelet to tell of it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a run."""

    reason: str
    message: str
    exit_code: int | None = None
    result: ApplyResult | None = None
    blocking_pods: tuple[str, ...] = ()
    """`namespace/name` of pods for whose sake it did not start."""
    must_stop_job: bool = False
    """Whether the Job could still do something and must go before another run."""

    @property
    def is_success(self) -> bool:
        """Whether the installer said that it reached its goal."""
        return self.exit_code == ExitCode.DONE and self.result is not None


@dataclass(frozen=True, slots=True)
class Underway:
    """A run that has not ended."""

    note: str
    look_again: datetime | None = None


@dataclass(frozen=True, slots=True)
class NotStarted:
    """A run without a Job."""


Progress = Outcome | Underway | NotStarted


def refused_job(message: str) -> Outcome:
    """Return the end of a run whose Job the API server did not take."""
    return Outcome(JOB_REFUSED, f"{message}; {ADMISSION}")


def observe_run(
    job: JobRecord | None, pods: tuple[PodRecord, ...], *, was_lost: bool, now: datetime
) -> Progress:
    """Return how far a run is; `was_lost` tells that its Job was seen and then deleted."""
    pod = max(pods, key=lambda item: item.created, default=None)
    ended = _ended_pod(pod) if pod is not None else None
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
    return _waiting_pod(pod, now)


def _ended_pod(pod: PodRecord) -> Outcome | None:
    image, fetch, apply = pod.image, pod.fetch, pod.apply
    if apply is not None and apply.state is ContainerState.TERMINATED:
        return _ended_container("apply", apply, pod)
    if fetch is not None and fetch.state is ContainerState.TERMINATED and fetch.exit_code:
        return _ended_container("fetch", fetch, pod)
    if image is not None and image.state is ContainerState.TERMINATED and image.exit_code:
        return _ended_image(image, pod)
    return _failed_pod(pod) if pod.phase == "Failed" else None


def _ended_image(image: ContainerRecord, pod: PodRecord) -> Outcome:
    """The copy out of an image failed: what that said is all there is."""
    if pod.reason or pod.disruption or image.exit_code in KILLED:
        return _ended_container("image", image, pod)
    told = f"the file of an image cannot be taken out of it: {image.message or image.reason}"
    return Outcome("ImageFileMissing", f"{told}; correct path of the source", exit_code=20)


def _ended_container(name: str, container: ContainerRecord, pod: PodRecord) -> Outcome:
    result = _result(container.message)
    if result is not None:
        return _told(result, container.exit_code)
    if pod.reason or pod.disruption:
        return _failed_pod(pod)
    return _untold(f"container {name} of pod {pod.name}", container.exit_code, container.reason)


def _result(message: str) -> ApplyResult | None:
    try:
        return ApplyResult.model_validate_json(message, extra="ignore")
    except ValidationError:
        return None


def _told(result: ApplyResult, exit_code: int) -> Outcome:
    is_word = _REASON.fullmatch(result.reason)
    reason = result.reason if is_word else REASONS.get(result.exit_code, "InstallerFailed")
    return Outcome(reason, result.message, exit_code=exit_code, result=result)


def _untold(what: str, exit_code: int, reason: str = "") -> Outcome:
    if exit_code == ExitCode.DONE:
        return Outcome("ResultUnreadable", f"{what} succeeded but left no result that can be read")
    if exit_code in KILLED and reason in UNEXPLAINED:
        told = f"{what} was killed (exit code {exit_code}), as by a restart of its node's runtime"
        return Outcome("PodKilled", f"{told}; {NEXT_READS}", exit_code=exit_code)
    known = REASONS.get(ExitCode(exit_code)) if exit_code in set(ExitCode) else None
    word = known or (reason if reason not in UNEXPLAINED else "InstallerFailed")
    advice = ADVICE.get(word, f"see 'kubectl logs' of {what}")
    return Outcome(word, f"{what} ended with exit code {exit_code}: {advice}", exit_code=exit_code)


def _failed_pod(pod: PodRecord) -> Outcome:
    """The kubelet ended the pod, or refused it before any container started."""
    has_run = any(item and item.state is not ContainerState.WAITING for item in _containers(pod))
    told = f"{pod.reason}: {pod.message}" if pod.reason else pod.message or pod.disruption
    what = f"pod {pod.name}: {told or 'no reason was given'}"
    if pod.disruption or pod.reason in EVICTIONS:
        return Outcome("PodEvicted", f"the cluster ended {what}; {NEXT_READS}")
    if has_run:
        return Outcome("PodFailed", f"the node ended {what}")
    return Outcome("PodRefused", f"the node did not take {what}; free what it lacks")


def _containers(pod: PodRecord) -> tuple[ContainerRecord | None, ...]:
    return (pod.image, pod.fetch, pod.apply)


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
        return _untold(f"the pod of Job {job.name}, gone by now,", int(code[1]))
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


def _waiting_pod(pod: PodRecord, now: datetime) -> Progress:
    waiting = next((item for item in _containers(pod) if item and item.reason in _STUCK), None)
    created = parse_time(pod.created)
    if waiting is None or created is None:
        return Underway(f"pod {pod.name} is {pod.phase.lower()}")
    end = created + _STUCK[waiting.reason]
    if now < end:
        return Underway(f"pod {pod.name}: {waiting.reason}: {waiting.message}", look_again=end)
    word = _STUCK_NAMES.get(waiting.reason, waiting.reason)
    told = f"pod {pod.name} cannot start: {waiting.message or waiting.reason}"
    return Outcome(word, f"{told}; {ADVICE.get(word, 'see its Events')}", must_stop_job=True)
