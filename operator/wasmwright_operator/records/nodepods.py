"""The pods of one node, whoever's they are, as one look at the API server found them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from wasmwright_operator import names

_MIRROR: Final = "kubernetes.io/config.mirror"
"""Annotation on the API's image of a static pod, which only its kubelet can end."""


@dataclass(frozen=True, slots=True)
class NodePod:
    """What has to be known of a pod before it is sent away."""

    namespace: str
    name: str
    uid: str
    labels: Mapping[str, str] = field(default_factory=dict)
    phase: str = "Running"
    controller: str = ""
    """The kind of the object that would create it again; empty = none would."""
    is_static: bool = False
    has_empty_dir: bool = False
    is_ours: bool = False
    """Whether it is the operator itself or one of its runs."""
    deleting: bool = False

    @property
    def full_name(self) -> str:
        """`namespace/name`, as people are told."""
        return f"{self.namespace}/{self.name}"

    @property
    def has_ended(self) -> bool:
        """Whether none of its containers runs or will run again."""
        return self.phase in {"Succeeded", "Failed"}


@dataclass(frozen=True, slots=True)
class Eviction:
    """What the API server said when a pod was to be evicted."""

    at: datetime
    refusal: str = ""
    """Why it was not; empty = the pod is on its way out."""


@dataclass(frozen=True, slots=True)
class PodsLook:
    """The pods of a node at one moment."""

    at: datetime
    """When they were asked for: what happened later may be missing."""
    was_cordoned: bool
    """Whether the node took no new pods any more by then."""
    pods: tuple[NodePod, ...] = ()
    evictions: Mapping[str, Eviction] = field(default_factory=dict)
    """By the pods' UIDs: our last try with each, if there was one."""


def parse_node_pod(raw: Mapping[str, Any], our_namespace: str) -> NodePod:
    """Return the record of a pod as the API server gives it."""
    metadata, spec = raw["metadata"], raw.get("spec") or {}
    annotations, labels = metadata.get("annotations") or {}, metadata.get("labels") or {}
    is_named_ours = names.JOB_OWNER in annotations or labels.get(names.PART_OF) == names.PART_OF_US
    return NodePod(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        labels=labels,
        phase=(raw.get("status") or {}).get("phase", "Pending"),
        controller=_controller(metadata),
        is_static=_MIRROR in annotations,
        has_empty_dir=any("emptyDir" in volume for volume in spec.get("volumes") or ()),
        is_ours=metadata["namespace"] == our_namespace and is_named_ours,
        deleting="deletionTimestamp" in metadata,
    )


def _controller(metadata: Mapping[str, Any]) -> str:
    owners = metadata.get("ownerReferences") or ()
    return next((owner["kind"] for owner in owners if owner.get("controller")), "")
