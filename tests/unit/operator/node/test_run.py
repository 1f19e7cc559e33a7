from dataclasses import replace

from unit.operator import given
from unit.operator.node.plans import FIRST, kinds, plan, written
from wasmwright_operator.actions import DeleteJob, LabelNode, WriteNodeStatus
from wasmwright_operator.api.wasmnode import NodeState
from wasmwright_operator.conditions import find
from wasmwright_operator.records import ContainerRecord, ContainerState


def test_run__that_is_slow__says_what_it_waits_for() -> None:
    pod = given.pod(
        FIRST, created="2026-05-04T12:00:00Z", apply=given.waiting("ErrImagePull", "no route")
    )
    quick = plan(FIRST, given.job(FIRST), pod)
    usual = plan(FIRST, given.job(FIRST), pod, after=27)
    slow = plan(FIRST, given.job(FIRST), pod, after=29)

    assert kinds(quick) == kinds(usual) == ["Wake"]
    status = written(slow)
    assert status.state is NodeState.APPLYING
    ready = find(status.conditions, "Ready")
    assert ready is not None
    assert (ready.reason, "no route" in ready.message) == ("Applying", True)
    assert kinds(plan(replace(FIRST, status=status), given.job(FIRST), pod, after=30)) == ["Wake"]


def test_run__that_is_slow__says_how_far_it_is_once_in_the_first_minute() -> None:
    job = given.job(FIRST)
    told = replace(FIRST, status=written(plan(FIRST, job, after=30)))
    further = given.pod(FIRST, apply=ContainerRecord(ContainerState.RUNNING))

    assert kinds(plan(told, job, further, after=40)) == ["Wake"]
    assert kinds(plan(told, job, further, after=70)) == ["WriteNodeStatus"]


def test_run__that_cannot_start__is_stopped_before_its_end_is_written() -> None:
    pod = given.pod(FIRST, apply=given.waiting("ImagePullBackOff", "no such image"))

    delete, status, labels = plan(FIRST, given.job(FIRST), pod, after=90)

    assert delete == DeleteJob("job-1", "job-1-uid")
    assert isinstance(status, WriteNodeStatus)
    assert status.status.last_error is not None
    assert status.status.last_error.reason == "ImagePullBackOff"
    assert isinstance(labels, LabelNode)
