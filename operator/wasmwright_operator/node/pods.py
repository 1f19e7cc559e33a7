"""Which pods must leave a node before its run, and which hold the run up."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wasmwright_operator.api.disruption import DisruptionMode, DrainSpec
from wasmwright_operator.api.meta import LabelSelector
from wasmwright_operator.records import NodePod, WasmNodeRecord
from wasmwright_operator.selectors import selects


@dataclass(frozen=True, slots=True)
class Departure:
    """The pods that must leave."""

    named: tuple[NodePod, ...] = ()
    """The last run said that it would harm them."""
    drained: tuple[NodePod, ...] = ()
    """The node is drained of them; none of them is among `named`."""

    @property
    def pods(self) -> tuple[NodePod, ...]:
        """All of them."""
        return self.named + self.drained


def blocking_pods(
    selectors: Iterable[LabelSelector], pods: Iterable[NodePod]
) -> tuple[NodePod, ...]:
    """Return the pods that people declared to be in the way; one that has ended no longer is."""
    given = tuple(selectors)
    return tuple(
        pod
        for pod in pods
        if not (pod.has_ended or pod.is_ours) and any(selects(it, pod.labels) for it in given)
    )


def departure(record: WasmNodeRecord, pods: Iterable[NodePod]) -> Departure:
    """Return who must leave of the pods that are on the node.

    A static pod stays: only its kubelet could end it, and would start it again.
    """
    running = tuple(pod for pod in pods if not (pod.has_ended or pod.is_static))
    named = tuple(pod for pod in running if pod.full_name in record.leaving_pods)
    wish = record.disruption
    if wish.mode is not DisruptionMode.DRAIN:
        return Departure(named)
    others = (pod for pod in running if pod not in named)
    return Departure(named, tuple(pod for pod in others if _is_drained(pod, wish.drain)))


def _is_drained(pod: NodePod, drain: DrainSpec) -> bool:
    """A DaemonSet's pod would come back at once, and ours are what the node is drained for."""
    if pod.is_ours or pod.controller == "DaemonSet":
        return False
    return drain.pod_selector is None or selects(drain.pod_selector, pod.labels)


def objections(pods: Iterable[NodePod], drain: DrainSpec) -> Iterator[str]:
    """Yield a sentence for each pod that may not be evicted, as `kubectl drain` would refuse to."""
    for pod in pods:
        if pod.deleting:
            continue
        if pod.has_empty_dir and not drain.delete_empty_dir_data:
            yield (
                f"pod {pod.full_name} has an emptyDir volume, whose data would be lost; move the"
                " pod, or set rollout.disruption.drain.deleteEmptyDirData"
            )
        elif not pod.controller and not drain.force:
            yield (
                f"pod {pod.full_name} has no controller that would create it again; delete the"
                " pod, or set rollout.disruption.drain.force"
            )
