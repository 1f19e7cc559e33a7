import pytest

from unit.operator import given
from unit.operator.node.runs import LATER, RECORD, outcome
from wasmwright_operator.node.outcome import Outcome
from wasmwright_operator.node.refusal import refused_job


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
