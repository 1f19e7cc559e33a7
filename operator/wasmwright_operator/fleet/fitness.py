"""What a node itself lacks, whatever the runtime: there a run could do nothing, or only harm."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from wasmwright_operator import names
from wasmwright_operator.records import NodeRecord

UNSUPPORTED_OS: Final = "UnsupportedOS"
VIRTUAL_NODE: Final = "VirtualNode"
UNSUPPORTED_CONTAINER_RUNTIME: Final = "UnsupportedContainerRuntime"

_VIRTUAL_LABELS: Final = (
    ("type", "virtual-kubelet"),
    ("eks.amazonaws.com/compute-type", "fargate"),
    ("liqo.io/type", "virtual-node"),
    (names.INSTANCE_TYPE_LABEL, "eklet"),
)
"""Virtual Kubelet and what is built on it (ACI, ECI, VCI, interLink), Fargate, Liqo, TKE."""

_VIRTUAL_LABEL_KEYS: Final = ("node-role.kubernetes.io/virtual-node",)
"""Virtual nodes of OKE: whatever the value."""

_VIRTUAL_TAINTS: Final = frozenset(
    {
        "virtual-kubelet.io/provider",
        "virtual-node.interlink/no-schedule",
        "virtual-node.liqo.io/not-allowed",
        "eks.tke.cloud.tencent.com/eklet",
    }
)

_VIRTUAL_VERSIONS: Final = ("-vk-", "virtual-kubelet", "-eklet")
"""Pieces of kubelet versions, as in `v1.19.10-vk-azure-aci-1.4.8`."""

_SERVED: Final = frozenset({"containerd", "cri-o"})

_ORDER_BUG: Final = tuple(f"containerd://2.1.{patch}" for patch in range(4))


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a node cannot have any runtime."""

    reason: str
    message: str


def flaw_of(node: NodeRecord) -> Flaw | None:
    """Return why no runtime can be brought to a node, or None."""
    if node.os != "linux":
        return Flaw(UNSUPPORTED_OS, f"the node runs {node.os}; only linux is served")
    mark = _mark_of_a_virtual_node(node)
    if mark:
        return Flaw(
            VIRTUAL_NODE,
            f"the node has {mark}: it is no host, so nothing can be installed on it; leave it out"
            " of spec.placement.nodeSelector",
        )
    return _flaw_of_runtime(node.container_runtime)


def _mark_of_a_virtual_node(node: NodeRecord) -> str:
    for key, value in _VIRTUAL_LABELS:
        if node.labels.get(key) == value:
            return f"label {key}={value}"
    for key in _VIRTUAL_LABEL_KEYS:
        if key in node.labels:
            return f"label {key}"
    for taint in node.taints:
        if taint.key in _VIRTUAL_TAINTS:
            return f"taint {taint.key}"
    is_virtual = _is_virtual(node.kubelet_version)
    return f"kubelet version {node.kubelet_version}" if is_virtual else ""


@lru_cache(1024)
def _is_virtual(kubelet_version: str) -> bool:
    return any(piece in kubelet_version for piece in _VIRTUAL_VERSIONS)


@lru_cache(1024)
def _flaw_of_runtime(reported: str) -> Flaw | None:
    """A kubelet that does not say yet what it uses is given the benefit of the doubt."""
    kind, mark, _ = reported.partition("://")
    if not mark or kind in _SERVED:
        return None
    why = (
        "cri-dockerd passes no handlers of RuntimeClasses on"
        if kind == "docker"
        else "only containerd and CRI-O are known to take handlers"
    )
    return Flaw(
        UNSUPPORTED_CONTAINER_RUNTIME,
        f"the kubelet uses {reported}, and {why}; move the node to containerd or CRI-O",
    )


@lru_cache(1024)
def has_handler_order_bug(container_runtime: str) -> bool:
    """Tell of containerd 2.1.0 to 2.1.3, which list handlers in another order each time.

    The kubelet takes that for news and rewrites the Node's status every few seconds
    (https://github.com/containerd/containerd/pull/12036); each further handler adds to it.
    """
    version = container_runtime.rstrip()
    return any(
        version.startswith(known) and not version[len(known) : len(known) + 1].isdigit()
        for known in _ORDER_BUG
    )
