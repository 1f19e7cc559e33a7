"""What is asked of everybody's pods on a node."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LookAtPods:
    """Ask the API server which pods are on a node now; none of them is watched."""

    node: str


@dataclass(frozen=True, slots=True)
class EvictPod:
    """Ask for a pod to leave its node, as far as its PodDisruptionBudgets allow."""

    node: str
    namespace: str
    name: str
    uid: str
