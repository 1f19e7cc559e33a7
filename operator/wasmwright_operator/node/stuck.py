"""Pods whose containers cannot start: which reasons pass by themselves, and until when."""

from datetime import datetime, timedelta
from typing import Final

from wasmwright_operator.conditions import parse_time
from wasmwright_operator.node.outcome import Outcome, Progress, Underway
from wasmwright_operator.node.reasons import ADVICE
from wasmwright_operator.records import PodRecord

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


def waiting_pod(pod: PodRecord, now: datetime) -> Progress:
    """Return how far a pod is that has not ended, and its end if it cannot go on."""
    waiting = next((item for item in pod.containers if item and item.reason in _STUCK), None)
    created = parse_time(pod.created)
    if waiting is None or created is None:
        return Underway(f"pod {pod.name} is {pod.phase.lower()}")
    end = created + _STUCK[waiting.reason]
    if now < end:
        return Underway(f"pod {pod.name}: {waiting.reason}: {waiting.message}", look_again=end)
    word = _STUCK_NAMES.get(waiting.reason, waiting.reason)
    told = f"pod {pod.name} cannot start: {waiting.message or waiting.reason}"
    return Outcome(word, f"{told}; {ADVICE.get(word, 'see its Events')}", must_stop_job=True)
