"""What we need to know of Jobs and their pods: which run they are, and how far it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from wasmwright_operator import names

_POD_JOB_LABEL: Final = "batch.kubernetes.io/job-name"
SMOKE_TEST_CONTAINER: Final = "smoke-test"
"""The one container of the pod of a smoke test."""
_FAILING: Final = frozenset({"FailureTarget", "Failed"})
"""The first is set when a Job's fate is sealed, the second when its last pod has ended."""


@dataclass(frozen=True, slots=True)
class RunKey:
    """One run: a node's WasmNode, what it was to have, and the how manieth attempt."""

    owner: str
    """The WasmNode's UID: a node that is given back and asks again starts from 1."""
    hash: str
    attempt: int


class JobOutcome(StrEnum):
    """How a Job ended."""

    COMPLETE = "Complete"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A Job of ours."""

    name: str
    uid: str
    node: str
    run: RunKey
    created: str = ""
    outcome: JobOutcome | None = None
    reason: str = ""
    message: str = ""
    finished: str = ""
    overdue_since: str = ""
    """When it ran out of time, though its pod may not have ended; empty = it did not."""
    deleting: bool = False


class ContainerState(StrEnum):
    """How far a container is."""

    WAITING = "waiting"
    RUNNING = "running"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True)
class ContainerRecord:
    """One container of a Job's pod."""

    state: ContainerState
    reason: str = ""
    message: str = ""
    """When terminated: the termination message, which holds the installer's result."""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class SmokeTestRecord:
    """What only the pod of a smoke test has."""

    runtime: str
    """The WasmRuntime that it is about."""
    run_result: str = ""
    """What the installer said at the end of the run."""
    container: ContainerRecord | None = None


@dataclass(frozen=True, slots=True)
class PodRecord:
    """A pod of a run: of its Job, or of a smoke test after it."""

    name: str
    uid: str
    job: str
    node: str
    run: RunKey
    created: str = ""
    phase: str = "Pending"
    reason: str = ""
    message: str = ""
    image: ContainerRecord | None = None
    """The first that takes something out of an image and has not done so, if there is one."""
    fetch: ContainerRecord | None = None
    apply: ContainerRecord | None = None
    deleting: bool = False
    disruption: str = ""
    """Why the cluster ended it, if it did: eviction, preemption, shutdown of the node, a taint."""
    smoke_test: SmokeTestRecord | None = None
    """None = it is the pod of a Job."""

    @property
    def has_ended(self) -> bool:
        """Whether none of its containers runs or will run again."""
        return self.phase in {"Succeeded", "Failed"}

    @property
    def containers(self) -> tuple[ContainerRecord | None, ...]:
        """Those of a Job's pod, in the order in which they run."""
        return (self.image, self.fetch, self.apply)


def parse_job(raw: Mapping[str, Any]) -> JobRecord | None:
    """Return the record of a Job, or None when it is not one of our runs."""
    metadata = raw["metadata"]
    run = _run(metadata)
    if run is None:
        return None
    conditions = (raw.get("status") or {}).get("conditions") or ()
    end = _last_condition(conditions)
    return JobRecord(
        name=metadata["name"],
        uid=metadata["uid"],
        node=metadata["annotations"][names.JOB_NODE],
        run=run,
        created=metadata.get("creationTimestamp", ""),
        outcome=JobOutcome(end["type"]) if end else None,
        reason=end.get("reason", ""),
        message=end.get("message", ""),
        finished=end.get("lastTransitionTime", ""),
        overdue_since=_overdue_since(conditions),
        deleting="deletionTimestamp" in metadata,
    )


def parse_pod(raw: Mapping[str, Any]) -> PodRecord | None:
    """Return the record of a pod, or None when it does not belong to one of our runs."""
    metadata = raw["metadata"]
    run = _run(metadata)
    if run is None:
        return None
    status = raw.get("status") or {}
    return PodRecord(
        name=metadata["name"],
        uid=metadata["uid"],
        job=(metadata.get("labels") or {}).get(_POD_JOB_LABEL, ""),
        node=metadata["annotations"][names.JOB_NODE],
        run=run,
        created=metadata.get("creationTimestamp", ""),
        phase=status.get("phase", "Pending"),
        reason=status.get("reason", ""),
        message=status.get("message", ""),
        image=_undone_image(status.get("initContainerStatuses") or ()),
        fetch=_container("fetch", status.get("initContainerStatuses") or ()),
        apply=_container("apply", status.get("containerStatuses") or ()),
        deleting="deletionTimestamp" in metadata,
        disruption=_disruption(status.get("conditions") or ()),
        smoke_test=_smoke_test(metadata["annotations"], status),
    )


def _smoke_test(
    annotations: Mapping[str, str], status: Mapping[str, Any]
) -> SmokeTestRecord | None:
    if names.SMOKE_TEST not in annotations:
        return None
    return SmokeTestRecord(
        runtime=annotations[names.SMOKE_TEST],
        run_result=annotations.get(names.RUN_RESULT, ""),
        container=_container(SMOKE_TEST_CONTAINER, status.get("containerStatuses") or ()),
    )


def _disruption(conditions: Iterable[Mapping[str, str]]) -> str:
    for item in conditions:
        if item["type"] == "DisruptionTarget" and item["status"] == "True":
            return ": ".join(filter(None, (item.get("reason"), item.get("message"))))
    return ""


def _run(metadata: Mapping[str, Any]) -> RunKey | None:
    annotations = metadata.get("annotations") or {}
    try:
        annotations[names.JOB_NODE]
        return RunKey(
            owner=annotations[names.JOB_OWNER],
            hash=annotations[names.JOB_HASH],
            attempt=int(annotations[names.JOB_ATTEMPT]),
        )
    except (KeyError, ValueError):
        return None


def _last_condition(conditions: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    for condition in conditions:
        if condition["type"] in set(JobOutcome) and condition["status"] == "True":
            return condition
    return {}


def _overdue_since(conditions: Iterable[Mapping[str, str]]) -> str:
    times = (
        item.get("lastTransitionTime", "")
        for item in conditions
        if item["type"] in _FAILING
        and item["status"] == "True"
        and item.get("reason") == "DeadlineExceeded"
    )
    return min(times, default="")


def _container(name: str, statuses: Iterable[Mapping[str, Any]]) -> ContainerRecord | None:
    for status in statuses:
        if status["name"] == name:
            return _state(status.get("state") or {})
    return None


def _undone_image(statuses: Iterable[Mapping[str, Any]]) -> ContainerRecord | None:
    """Init containers run one after the other: the first that is not done holds all others up."""
    for status in statuses:
        if status["name"].startswith(names.IMAGE_CONTAINER):
            record = _state(status.get("state") or {})
            if record.state is not ContainerState.TERMINATED or record.exit_code:
                return record
    return None


def _state(state: Mapping[str, Mapping[str, Any]]) -> ContainerRecord:
    for kind in (ContainerState.TERMINATED, ContainerState.RUNNING, ContainerState.WAITING):
        if kind in state:
            detail = state[kind]
            return ContainerRecord(
                state=kind,
                reason=detail.get("reason", ""),
                message=detail.get("message", ""),
                exit_code=detail.get("exitCode", 0),
            )
    return ContainerRecord(state=ContainerState.WAITING)
