"""A world with machines played by kwok, a proxy before the operator, and a record of it all."""

import math
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from integration.operator import kwok
from integration.operator.api import NODES, WRT, Raw
from integration.operator.history import History
from integration.operator.proxy import Proxy
from integration.operator.referee import violations
from integration.operator.world import World, wait
from wasmwright_operator import names

_CONNECTIONS: Final = 8
_CAPACITY: Final = {"cpu": "16", "memory": "64Gi", "pods": "250"}


@dataclass
class Fleet(World):
    """All that a test touches."""

    proxy: Proxy
    """Stands between the operator and the API server; the test itself speaks to the latter."""
    history: History

    def add_node(self, name: str, **metadata: Any) -> Raw:
        """Register a machine as its kubelet does: Ready, and tainted for a moment."""
        annotations = {**kwok.PLAYED, **metadata.pop("annotations", {})}
        labels = {
            "kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/hostname": name[:63],
            **metadata.pop("labels", {}),
        }
        body = {"name": name, "labels": labels, "annotations": annotations, **metadata}
        return self.api.create(NODES, {"metadata": body, "status": _status(name)})

    def add_nodes(self, *nodes: str, **metadata: Any) -> None:
        """Register machines and wait until they may be used."""
        in_parallel(lambda name: self.add_node(name, **metadata), nodes)
        wanted = set(nodes)
        wait(lambda: not wanted & {raw["metadata"]["name"] for raw in self._tainted()}, 60)

    def ask(self, *nodes: str, runtimes: str | None = "spin") -> None:
        """Have nodes ask for runtimes, or for none any more."""
        in_parallel(lambda name: self.annotate(name, runtimes=runtimes), nodes)

    def vanish(self, node: str) -> None:
        """Take a machine away, with all that runs on it."""
        self.api.delete(f"{NODES}/{node}")

    def set_down(self, node: str, *, is_down: bool = True) -> None:
        """Make a node NotReady, or Ready again; the controller manager taints it."""
        annotations = {kwok.DOWN: "true" if is_down else None}
        self.api.merge(f"{NODES}/{node}", {"metadata": {"annotations": annotations}})

    def change(self, runtime: str, **spec: Any) -> Raw:
        """Change the spec of a WasmRuntime."""
        return self.api.merge(f"{WRT}/{runtime}", {"spec": spec})

    def provisioned(self) -> set[str]:
        """Return the nodes that have all that they ask for."""
        found = self.api.items(NODES, labelSelector=f"{names.PROVISIONED}=true")
        return {raw["metadata"]["name"] for raw in found}

    def wait_provisioned_exactly(self, nodes: Iterable[str], within: float = 60) -> None:
        """Wait until these nodes, and no others, have all that they ask for."""
        wanted = set(nodes)
        wait(lambda: self.provisioned() == wanted, within)

    def wait_quiet(self, seconds: float = 1.0, within: float = 20) -> None:
        """Wait until the operator has written nothing for some seconds: what it wanted is done."""
        wait(lambda: self._rest() >= seconds, within)

    def _rest(self) -> float:
        writes = self.proxy.writes()
        return time.monotonic() - writes[-1].at if writes else math.inf

    def assert_rules_held(self) -> None:
        """Fail if a budget was exceeded at any instant, or anything was done twice."""
        found = violations(self.history)
        assert not found, "\n".join(found[:20])

    def _tainted(self) -> list[Raw]:
        return [raw for raw in self.api.items(NODES) if raw["spec"].get("taints")]


def in_parallel(call: Callable[[str], Any], arguments: Iterable[str]) -> None:
    """Call something for each argument, over a few connections at a time."""
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        for _ in pool.map(call, arguments):
            pass


def _status(name: str) -> Raw:
    healthy = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
    return {
        "capacity": _CAPACITY,
        "allocatable": _CAPACITY,
        "conditions": [healthy],
        "nodeInfo": {
            "architecture": "amd64",
            "operatingSystem": "linux",
            "machineID": f"machine-of-{name}",
            "bootID": f"boot-of-{name}",
            "systemUUID": "",
            "osImage": "Debian GNU/Linux 13",
            "kernelVersion": "6.12",
            "kubeletVersion": "v1.36.3",
            "kubeProxyVersion": "",
            "containerRuntimeVersion": "containerd://1.7.27",
        },
    }
