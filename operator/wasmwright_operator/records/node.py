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
)


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
    taints: tuple[Taint, ...] = ()
    arch: str = ""
    os: str = "linux"
    machine_id: str = ""
    container_runtime: str = ""
    """As the kubelet reports it: `containerd://2.4.2`."""

    def wish(self, key: str) -> str:
        """Return what a label or annotation says; the label wins, as it outlives the node."""
        return self.labels.get(key, self.annotations.get(key, ""))

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
    info = (raw.get("status") or {}).get("nodeInfo") or {}
    taints = (raw.get("spec") or {}).get("taints") or ()
    return NodeRecord(
        name=metadata["name"],
        uid=metadata["uid"],
        labels={sys.intern(key): sys.intern(value) for key, value in labels.items()},
        annotations={key: annotations[key] for key in _READ_ANNOTATIONS if key in annotations},
        taints=tuple(Taint(t["key"], t["effect"], t.get("value", "")) for t in taints),
        arch=labels.get(names.ARCH_LABEL) or info.get("architecture", ""),
        os=labels.get(names.OS_LABEL) or info.get("operatingSystem") or "linux",
        machine_id=info.get("machineID", ""),
        container_runtime=info.get("containerRuntimeVersion", ""),
    )
