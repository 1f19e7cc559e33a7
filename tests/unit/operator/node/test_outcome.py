from datetime import datetime, timedelta

import pytest

from unit.operator import given
from wasmwright_installer.contract import ExitCode
from wasmwright_operator.node.outcome import NotStarted, Outcome, Underway, observe_run, refused_job
from wasmwright_operator.records import (
    ContainerRecord,
    ContainerState,
    JobOutcome,
    JobRecord,
    PodRecord,
)

RECORD = given.wasm_node("n1", given.entry())
JOB = given.job(RECORD)
POD = given.pod(RECORD)
LATER = given.NOW + timedelta(seconds=90)
ENDED = "2026-05-04T11:59:59Z"


def observe(
    job: object = None,
    *pods: PodRecord,
    was_lost: bool = False,
    now: datetime = given.NOW,
) -> object:
    return observe_run(job, pods, was_lost=was_lost, now=now)  # type: ignore[arg-type]


def outcome(*pods: PodRecord, job: object = JOB, now: datetime = given.NOW) -> Outcome:
    found = observe(job, *pods, now=now)
    assert isinstance(found, Outcome)
    return found


def told(exit_code: ExitCode, reason: str) -> str:
    return given.result(exit_code=exit_code, reason=reason).model_dump_json(by_alias=True)


def test_run__without_job_and_pod__has_not_started() -> None:
    assert isinstance(observe(), NotStarted)


def test_run__whose_pod_is_seen_before_its_job__is_not_started_twice() -> None:
    assert isinstance(observe(None, POD), Underway)


def test_run__whose_pod_is_still_going_after_the_job_went__may_start_again() -> None:
    assert isinstance(observe(None, given.pod(RECORD, deleting=True)), NotStarted)


def test_run__whose_job_was_deleted__is_lost() -> None:
    found = observe(None, POD, was_lost=True)

    assert isinstance(found, Outcome)
    assert found.reason == "JobLost"


def test_result__in_the_termination_message_of_apply__counts_before_the_job_is_complete() -> None:
    message = told(ExitCode.DONE, "Done")
    found = outcome(given.pod(RECORD, phase="Running", apply=given.terminated(0, message)))

    assert found.is_success
    assert found.result is not None
    assert found.result.hash == given.HASH


def test_result__of_a_failed_fetch__is_the_result() -> None:
    fetch = given.terminated(20, told(ExitCode.ARTIFACT, "DigestMismatch"))
    found = outcome(given.pod(RECORD, fetch=fetch, apply=given.waiting("PodInitializing")))

    assert (found.reason, found.exit_code, found.is_success) == ("DigestMismatch", 20, False)


def test_image__whose_file_is_not_there__is_the_end_with_what_was_said() -> None:
    said = "dd: failed to open '/shim': No such file or directory"
    found = outcome(given.pod(RECORD, image=given.terminated(1, said), phase="Failed"))

    assert (found.reason, found.exit_code) == ("ImageFileMissing", 20)
    assert said in found.message
    assert "correct path of the source" in found.message


def test_image__whose_container_was_killed__is_no_fault_of_the_image() -> None:
    found = outcome(given.pod(RECORD, image=given.terminated(137), phase="Failed"))

    assert found.reason == "PodKilled"


def test_image__that_cannot_be_pulled__is_told_with_its_name() -> None:
    image = given.waiting("ImagePullBackOff", "Back-off pulling image registry.example.com/spin")
    pod = given.pod(RECORD, created="2026-05-04T11:00:00Z", image=image)

    assert outcome(pod).reason == "ImagePullBackOff"
    assert "registry.example.com/spin" in outcome(pod).message


def test_fetch__that_succeeded__is_not_the_end() -> None:
    pod = given.pod(RECORD, fetch=given.terminated(0), apply=given.waiting("PodInitializing"))

    assert isinstance(observe(JOB, pod), Underway)


def test_result__with_fields_of_a_later_installer__is_read() -> None:
    message = told(ExitCode.DONE, "Done")[:-1] + ',"fromTheFuture":1}'

    assert outcome(given.pod(RECORD, apply=given.terminated(0, message))).is_success


def test_result__whose_reason_is_no_word__is_named_by_its_exit_code() -> None:
    message = told(ExitCode.ROLLED_BACK, "it went wrong")
    found = outcome(given.pod(RECORD, apply=given.terminated(31, message)))

    assert (found.reason, found.message) == ("RolledBack", "it went wrong was said")


@pytest.mark.parametrize(
    ("exit_code", "container_reason", "reason"),
    [
        (10, "Error", "UnsupportedNode"),
        (20, "Error", "ArtifactFailed"),
        (40, "Error", "PodsInUse"),
        (70, "Error", "InstallerBug"),
        (137, "OOMKilled", "OOMKilled"),
        (137, "Error", "PodKilled"),
        (143, "", "PodKilled"),
        (255, "Unknown", "PodKilled"),
        (3, "Error", "InstallerFailed"),
        (127, "StartError", "StartError"),
    ],
)
def test_end__without_a_message__is_told_by_exit_code(
    exit_code: int, container_reason: str, reason: str
) -> None:
    apply = given.terminated(exit_code, "", container_reason)
    found = outcome(given.pod(RECORD, apply=apply))

    assert (found.reason, found.exit_code) == (reason, exit_code)
    assert f"exit code {exit_code}" in found.message


def test_success__without_a_readable_message__is_no_success() -> None:
    found = outcome(given.pod(RECORD, apply=given.terminated(0, "{cut off")))

    assert (found.reason, found.is_success) == ("ResultUnreadable", False)


@pytest.mark.parametrize(
    ("pod_reason", "apply", "reason"),
    [
        ("Evicted", None, "PodEvicted"),
        ("Evicted", given.terminated(137), "PodEvicted"),
        ("OutOfmemory", None, "PodRefused"),
        ("UnexpectedAdmissionError", given.waiting("PodInitializing"), "PodRefused"),
        ("", ContainerRecord(ContainerState.RUNNING), "PodFailed"),
    ],
)
def test_pod__ended_by_the_kubelet__says_why(
    pod_reason: str, apply: ContainerRecord | None, reason: str
) -> None:
    pod = given.pod(RECORD, phase="Failed", reason=pod_reason, message="said", apply=apply)
    found = outcome(pod)

    assert found.reason == reason
    assert "said" in found.message


@pytest.mark.parametrize(
    ("waiting", "patience", "reason"),
    [
        ("ErrImagePull", 60, "ImagePullBackOff"),
        ("ImagePullBackOff", 60, "ImagePullBackOff"),
        ("ErrImageNeverPull", 10, "ErrImageNeverPull"),
        ("InvalidImageName", 0, "InvalidImageName"),
        ("CreateContainerConfigError", 60, "CreateContainerConfigError"),
    ],
)
def test_container__that_cannot_start__ends_the_run_after_a_bounded_time(
    waiting: str, patience: int, reason: str
) -> None:
    pod = given.pod(
        RECORD, created="2026-05-04T12:00:00Z", fetch=given.waiting(waiting, "no such image")
    )
    almost = given.NOW + timedelta(seconds=patience - 1)
    end = given.NOW + timedelta(seconds=patience)

    early = observe(JOB, pod, now=almost)
    assert isinstance(early, Underway)
    assert patience == 0 or early.look_again == end
    found = outcome(pod, now=end)
    assert (found.reason, found.must_stop_job) == (reason, True)
    assert "no such image" in found.message


OVERDUE = given.job(RECORD, overdue_since=ENDED)


def test_job__over_its_deadline__waits_for_the_last_words_of_its_pod_and_no_longer() -> None:
    early = observe(OVERDUE, given.pod(RECORD, deleting=True))
    assert isinstance(early, Underway)
    assert early.look_again == datetime.fromisoformat(ENDED) + timedelta(seconds=30)

    found = outcome(given.pod(RECORD, deleting=True), job=OVERDUE, now=early.look_again)

    assert found.reason == "DeadlineExceeded"
    assert "its pod does not end" in found.message


@pytest.mark.parametrize(
    ("job", "pods"),
    [
        (OVERDUE, (given.pod(RECORD, apply=given.terminated(137)),)),
        (OVERDUE, (given.pod(RECORD, phase="Failed"),)),
        (given.job(RECORD, outcome=JobOutcome.FAILED, overdue_since=ENDED, finished=ENDED), ()),
    ],
    ids=["killed", "failed", "gone"],
)
def test_job__over_its_deadline__ends_with_its_pod(
    job: JobRecord, pods: tuple[PodRecord, ...]
) -> None:
    found = outcome(*pods, job=job)

    assert (found.reason, found.exit_code) == ("DeadlineExceeded", None)
    assert "its pod does not end" not in found.message


def test_job__over_its_deadline_when_its_result_came__has_its_result() -> None:
    apply = given.terminated(0, told(ExitCode.DONE, "Done"))

    assert outcome(given.pod(RECORD, apply=apply), job=OVERDUE).is_success


@pytest.mark.parametrize(
    ("ended", "message", "reason", "exit_code"),
    [
        (JobOutcome.FAILED, "Job has reached the specified backoff limit", "PodLost", None),
        (
            JobOutcome.FAILED,
            "Container apply for pod ns/p failed with exit code 31 matching FailJob rule",
            "RolledBack",
            31,
        ),
        (JobOutcome.COMPLETE, "", "ResultLost", None),
    ],
    ids=["failed", "exit-code-in-message", "complete"],
)
def test_job__ended_without_its_pod__waits_a_moment_for_the_pods_watch(
    ended: JobOutcome, message: str, reason: str, exit_code: int | None
) -> None:
    job = given.job(RECORD, outcome=ended, message=message, finished=ENDED)

    early = observe(job)
    assert isinstance(early, Underway)
    assert early.look_again == datetime.fromisoformat(ENDED) + timedelta(seconds=5)
    found = outcome(job=job, now=LATER)
    assert (found.reason, found.exit_code) == (reason, exit_code)


def test_job__that_gets_no_pod__ends_with_where_to_look() -> None:
    early = observe(JOB)
    assert isinstance(early, Underway)
    assert early.look_again is not None

    found = outcome(now=LATER)

    assert (found.reason, found.must_stop_job) == ("PodNotCreated", True)
    assert "Events" in found.message


def test_pods__several_of_one_run__the_newest_counts() -> None:
    old = given.pod(RECORD, created="2026-05-04T11:00:00Z", phase="Failed", reason="Evicted")

    assert isinstance(observe(JOB, POD, old), Underway)


@pytest.mark.parametrize(
    "pod",
    [
        given.pod(RECORD, phase="Failed", reason="Evicted", message="low on memory"),
        given.pod(RECORD, apply=given.terminated(143), disruption="EvictionByEvictionAPI: x"),
        given.pod(RECORD, phase="Failed", disruption="DeletionByTaintManager: x"),
    ],
    ids=["by its kubelet", "while it ran", "before it ran"],
)
def test_pod__ended_by_the_cluster__is_no_end_of_the_installers(pod: PodRecord) -> None:
    found = outcome(pod)
    assert (found.reason, found.exit_code) == ("PodEvicted", None)
    assert "the next run" in found.message


def test_pod__ended_by_the_cluster_after_its_result__has_its_result() -> None:
    apply = given.terminated(0, told(ExitCode.DONE, "Done"))
    assert outcome(given.pod(RECORD, apply=apply, disruption="TerminationByKubelet")).is_success


def test_job__whose_pod_was_ended_by_the_cluster_and_is_gone__says_so() -> None:
    message = "Pod ns/p has condition DisruptionTarget matching FailJob rule at index 0"
    job = given.job(RECORD, outcome=JobOutcome.FAILED, finished=ENDED, message=message)
    assert outcome(job=job, now=LATER).reason == "PodEvicted"


PULLING = given.pod(RECORD, apply=given.waiting("ImagePullBackOff"))


@pytest.mark.parametrize(
    ("found", "advice"),
    [
        (refused_job("forbidden: violates PodSecurity"), "enforce=privileged"),
        (outcome(now=LATER), "enforce=privileged"),
        (
            outcome(given.pod(RECORD, apply=given.waiting("ImagePullBackOff")), now=LATER),
            "registry",
        ),
        (outcome(given.pod(RECORD, phase="Failed", reason="OutOfpods")), "free what it lacks"),
        (outcome(given.pod(RECORD, apply=given.terminated(137, "", "OOMKilled"))), "memory"),
        (outcome(given.pod(RECORD, apply=given.terminated(3))), "kubectl logs"),
    ],
    ids=["refused job", "no pod", "image", "no room", "memory", "anything else"],
)
def test_end__says_what_to_do(found: Outcome, advice: str) -> None:
    assert advice in found.message
