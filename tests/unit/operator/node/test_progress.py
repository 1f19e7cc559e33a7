from datetime import datetime, timedelta

import pytest

from unit.operator import given
from unit.operator.node.runs import ENDED, JOB, LATER, OVERDUE, POD, RECORD, observe, outcome, told
from wasmwright_installer.contract import ExitCode
from wasmwright_operator.node.outcome import NotStarted, Outcome, Underway
from wasmwright_operator.records import (
    JobOutcome,
    JobRecord,
    PodRecord,
)


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


def test_job__whose_pod_was_ended_by_the_cluster_and_is_gone__says_so() -> None:
    message = "Pod ns/p has condition DisruptionTarget matching FailJob rule at index 0"
    job = given.job(RECORD, outcome=JobOutcome.FAILED, finished=ENDED, message=message)
    assert outcome(job=job, now=LATER).reason == "PodEvicted"
