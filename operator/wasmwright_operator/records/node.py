"""What we need to know of a Node: identity, labels, our annotations, taints, architecture."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from wasmwright_operator import names

_READ_ANNOTATIONS: Final = (
    names.RUNTIMES,
    names.SKIP,
    names.PAUSED,
    names.REINSTALL,
    names.RETRY,
    names.KWASM_NODE,
    names.TAKE_OVER,
    names.CORDONED,
)

_UNASKED: Final = "://Unknown"
"""How a version ends that the kubelet could not ask for."""


@dataclass(frozen=True, slots=True)
class Taint:
    """A taint as the scheduler sees it."""

    key: str
    effect: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """A Node without what changes by itself: two heartbeats give equal records."""

    name: str
    uid: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    is_annotated: bool = True
    """Whether it has any annotation: a JSON patch cannot add to a map that is not there."""
    taints: tuple[Taint, ...] = ()
    arch: str = ""
    os: str = "linux"
    machine_id: str = ""
    container_runtime: str = ""
    """As the kubelet reports it: `containerd://2.4.2`."""
    kubelet_version: str = ""
    boot_id: str = ""
    handlers: frozenset[str] | None = None
    """What the kubelet says that the container runtime serves; None = it does not say.

    Kubelets since 1.30 say it of containerd since 2.0 and CRI-O since 1.30; some of these runtimes
    list handlers in another order each time, so the order is not kept.
    """
    is_ready: bool = True
    ready_changed: str = ""
    """When the node became Ready or ceased to be, RFC 3339."""
    is_unschedulable: bool = False
    """Whether somebody cordoned it."""

    def wish(self, key: str) -> str:
        """Return what a label or annotation says; the label wins, as it outlives the node."""
        return self.labels.get(key, self.annotations.get(key, ""))

    @property
    def known_runtime(self) -> str:
        """The name and version of the container runtime, or nothing while the kubelet knows none.

        A kubelet that reports while its container runtime restarts says `containerd://Unknown`, and
        the version again 10 s later (Kubernetes, pkg/kubelet/nodestatus, VersionInfo; seen with
        1.36 and containerd 1.7).
        """
        return "" if self.container_runtime.endswith(_UNASKED) else self.container_runtime

    @property
    def zone(self) -> str:
        """Where it stands; nodes of one zone often fail together."""
        return self.labels.get(names.ZONE_LABEL, "")

    @property
    def is_skipped(self) -> bool:
        """Whether the node is never to be touched."""
        return self.wish(names.SKIP) == "true"

    @property
    def is_paused(self) -> bool:
        """Whether nothing new may start on the node."""
        return self.wish(names.PAUSED) == "true"


def parse_node(raw: Mapping[str, Any]) -> NodeRecord:
    """Return the record of a Node as the API server gives it."""
    metadata = raw["metadata"]
    labels = metadata.get("labels") or {}
    annotations = metadata.get("annotations") or {}
    spec, status = raw.get("spec") or {}, raw.get("status") or {}
    info = status.get("nodeInfo") or {}
    ready = _ready_condition(status)
    return NodeRecord(
        name=metadata["name"],
        uid=metadata["uid"],
        labels={sys.intern(key): sys.intern(value) for key, value in labels.items()},
        annotations={key: annotations[key] for key in _READ_ANNOTATIONS if key in annotations},
        is_annotated=bool(annotations),
        taints=_taints(spec),
        arch=labels.get(names.ARCH_LABEL) or info.get("architecture", ""),
        os=labels.get(names.OS_LABEL) or info.get("operatingSystem") or "linux",
        machine_id=info.get("machineID", ""),
        container_runtime=info.get("containerRuntimeVersion", ""),
        kubelet_version=info.get("kubeletVersion", ""),
        boot_id=info.get("bootID", ""),
        handlers=_handlers(status),
        is_ready=ready.get("status", "True") == "True",
        ready_changed=ready.get("lastTransitionTime") or "",
        is_unschedulable=bool(spec.get("unschedulable")),
    )


def _taints(spec: Mapping[str, Any]) -> tuple[Taint, ...]:
    given = spec.get("taints") or ()
    return tuple(Taint(item["key"], item["effect"], item.get("value", "")) for item in given)


def _ready_condition(status: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the condition Ready; a node that has none is not known to be in trouble."""
    found = (item for item in status.get("conditions") or () if item["type"] == "Ready")
    return next(found, {})


def _handlers(status: Mapping[str, Any]) -> frozenset[str] | None:
    listed = status.get("runtimeHandlers")
    if not listed:
        return None
    return frozenset(sys.intern(item.get("name", "")) for item in listed)
