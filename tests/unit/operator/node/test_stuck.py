from datetime import timedelta

import pytest

from unit.operator import given
from unit.operator.node.runs import JOB, RECORD, observe, outcome
from wasmwright_operator.node.outcome import Underway


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


def test_image__that_cannot_be_pulled__is_told_with_its_name() -> None:
    image = given.waiting("ImagePullBackOff", "Back-off pulling image registry.example.com/spin")
    pod = given.pod(RECORD, created="2026-05-04T11:00:00Z", image=image)

    assert outcome(pod).reason == "ImagePullBackOff"
    assert "registry.example.com/spin" in outcome(pod).message
