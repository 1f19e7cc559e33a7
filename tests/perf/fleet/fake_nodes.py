"""Nodes that are only objects, as large as real ones."""

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final

from integration.operator.api import NODES, Api, Raw
from support.waiting import eventually

LEASES: Final = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
_PATIENCE: Final = 900
"""Seconds until kwok holds the leases of 5,000 nodes on a busy machine."""
_CONNECTIONS: Final = 8
_FEATURE: Final = "feature.node.kubernetes.io/cpu-cpuid.AVX512-EXTENSION-{:02}"
_HEALTHY: Final = {
    "Ready": "True",
    "MemoryPressure": "False",
    "DiskPressure": "False",
    "PIDPressure": "False",
}
_BOOT: Final = "5f0c7a52-7a3e-4c35-9b9c-2f4f3a1d9e10"
"""As the results tell it that stages.yaml makes up: otherwise all nodes would have rebooted."""
_CAPACITY: Final = {"cpu": "16", "memory": "64Gi", "pods": "250"}


def names(count: int) -> tuple[str, ...]:
    """Return the names of that many nodes."""
    return tuple(f"bench-{number:05}" for number in range(count))


def node(name: str, *, lean: bool, **labels: str) -> Raw:
    """Return a Node as a kubelet registers it: Ready, of containerd 1.7."""
    labels |= {f"kubernetes.io/{key}": value for key, value in _labels(name)}
    features = {} if lean else {_FEATURE.format(number): "true" for number in range(60)}
    info = {
        "architecture": "amd64",
        "operatingSystem": "linux",
        "machineID": f"machine-of-{name}",
        "bootID": _BOOT,
        "systemUUID": "",
        "osImage": "Debian GNU/Linux 13",
        "kernelVersion": "6.12",
        "kubeletVersion": "v1.36.3",
        "kubeProxyVersion": "",
        "containerRuntimeVersion": "containerd://1.7.27",
    }
    status = {
        "capacity": _CAPACITY,
        "allocatable": _CAPACITY,
        "conditions": _conditions(),
        "nodeInfo": info,
        "images": [] if lean else [_image(number) for number in range(50)],
    }
    return {"metadata": {"name": name, "labels": labels | features}, "status": status}


def create(api: Api, wanted: Iterable[str], *, lean: bool) -> int:
    """Create nodes, wait until they are played and may be used; return the bytes of one."""
    wanted = tuple(wanted)
    in_parallel(lambda name: api.create(NODES, node(name, lean=lean)), wanted)
    eventually(lambda: _leases(api), until=len(wanted).__le__, within=_PATIENCE)
    eventually(lambda: _tainted(api), until=lambda found: not found, within=_PATIENCE)
    return len(json.dumps(api.get(f"{NODES}/{wanted[0]}"), separators=(",", ":")))


def report(api: Api, name: str) -> None:
    """Say for a node that nothing has changed, as its kubelet does every five minutes."""
    api.merge(f"{NODES}/{name}/status", {"status": {"conditions": _conditions()}})


def in_parallel(call: Callable[[str], Any], arguments: Iterable[str]) -> None:
    """Call something for each argument, over a few connections at a time."""
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        for _ in pool.map(call, arguments):
            pass


def _conditions() -> list[Raw]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [
        {"type": kind, "status": status, "reason": f"Kubelet{kind}", "lastHeartbeatTime": now}
        for kind, status in _HEALTHY.items()
    ]


def _labels(name: str) -> Iterable[tuple[str, str]]:
    return (("os", "linux"), ("arch", "amd64"), ("hostname", name[:63]))


def _image(number: int) -> Raw:
    repository = f"registry.eu-central-1.example.org/teams/platform-{number:02}/service-{number:02}"
    digest = f"{number:02}" * 32
    return {"names": [f"{repository}@sha256:{digest}", f"{repository}:v1"], "sizeBytes": 10**8}


def _leases(api: Api) -> int:
    """Return how many nodes kwok has made its own; the API server counts them without sending."""
    first = api.client.get(LEASES, params={"limit": "1"}).json()
    return len(first["items"]) + int(first["metadata"].get("remainingItemCount", 0))


def _tainted(api: Api) -> int:
    return sum(1 for raw in api.items(NODES) if raw["spec"].get("taints"))
