import pytest

from unit.operator import given
from unit.operator.node.runs import JOB, RECORD, observe, outcome, told
from wasmwright_installer.contract import ExitCode
from wasmwright_operator.node.outcome import Underway
from wasmwright_operator.records import (
    ContainerRecord,
    ContainerState,
    PodRecord,
)


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
