"""How a pod ended: what its installer said, else what its exit code or its kubelet tells."""

import re
from typing import Final

from wasmwright_installer.contract import ApplyResult, ExitCode
from wasmwright_operator.node.outcome import Outcome
from wasmwright_operator.node.reasons import (
    ADVICE,
    EVICTIONS,
    KILLED,
    NEXT_READS,
    REASONS,
    UNEXPLAINED,
)
from wasmwright_operator.node.result import read_result
from wasmwright_operator.records import ContainerRecord, ContainerState, PodRecord

_REASON: Final = re.compile(r"[A-Z][A-Za-z0-9]{0,63}")


def ended_pod(pod: PodRecord) -> Outcome | None:
    """Return the end of a run as its pod tells it; None = it has not ended."""
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
    result = read_result(container.message)
    if result is not None:
        return _told(result, container.exit_code)
    if pod.reason or pod.disruption:
        return _failed_pod(pod)
    return untold(f"container {name} of pod {pod.name}", container.exit_code, container.reason)


def _told(result: ApplyResult, exit_code: int) -> Outcome:
    is_word = _REASON.fullmatch(result.reason)
    reason = result.reason if is_word else REASONS.get(result.exit_code, "InstallerFailed")
    return Outcome(reason, result.message, exit_code=exit_code, result=result)


def untold(what: str, exit_code: int, reason: str = "") -> Outcome:
    """Return the end of a run of which nothing is left but an exit code, and a reason perhaps."""
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
    has_run = any(item and item.state is not ContainerState.WAITING for item in pod.containers)
    told = f"{pod.reason}: {pod.message}" if pod.reason else pod.message or pod.disruption
    what = f"pod {pod.name}: {told or 'no reason was given'}"
    if pod.disruption or pod.reason in EVICTIONS:
        return Outcome("PodEvicted", f"the cluster ended {what}; {NEXT_READS}")
    if has_run:
        return Outcome("PodFailed", f"the node ended {what}")
    return Outcome("PodRefused", f"the node did not take {what}; free what it lacks")
