"""Pods of several containers, as people run wasm: written in few words, looked at when they ran."""

import itertools
import json
from collections.abc import Iterator
from typing import Any, Final

from localcluster import Cluster, Node
from support.kube_view import get
from support.kube_write import put
from support.waiting import eventually
from workloads import images
from workloads.modules import Module, file_name

Container = dict[str, Any]

_NUMBERS: Final[Iterator[int]] = itertools.count()
_WITHIN: Final = 60

HEALTHY: Final = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 1}
"""A probe of a companion that serves."""


def wasm(name: str, module: Module, image: str = images.WASM, **fields: Any) -> Container:
    """Return a container that runs a module."""
    return _container(name, image, command=[file_name(module)], **fields)


def companion(name: str, *arguments: str, **fields: Any) -> Container:
    """Return a container that runs the native companion."""
    return _container(name, images.COMPANION, command=["/companion", *arguments], **fields)


def environment(**variables: str) -> list[dict[str, str]]:
    """Return the environment of a container."""
    return [{"name": name, "value": value} for name, value in variables.items()]


def _container(name: str, image: str, **fields: Any) -> Container:
    return {"name": name, "image": image, "imagePullPolicy": "Never"} | fields


class Shaped:
    """A pod that a test has made; that crun's holds wasm is added by the chart's policy."""

    def __init__(
        self, cluster: Cluster, node: Node, runtime: str, *containers: Container, **spec: Any
    ) -> None:
        self.name: Final = f"shaped-{next(_NUMBERS)}"
        self._cluster, self._node = cluster, node
        body = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": self.name},
            "spec": {
                "runtimeClassName": runtime,
                "restartPolicy": "Never",
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "terminationGracePeriodSeconds": 1,
                "nodeSelector": {"kubernetes.io/hostname": node.name},
                "containers": list(containers),
                **spec,
            },
        }
        put(cluster, body)

    @property
    def status(self) -> dict[str, Any]:
        """What the kubelet says of it."""
        found: dict[str, Any] = get(self._cluster, "pod", self.name).get("status", {})
        return found

    def wait_phase(self, phase: str) -> None:
        """Wait until it is in a phase; fail with all that is known when it gets into another."""
        eventually(lambda: self.status, until=lambda it: it.get("phase") == phase, within=_WITHIN)

    def wait_ready(self) -> None:
        """Wait until its readiness probes succeed."""
        eventually(lambda: self._condition("Ready"), until=lambda it: it == "True", within=_WITHIN)

    def log(self, container: str) -> str:
        """Return what a container printed."""
        return self._cluster.kubectl("logs", self.name, f"--container={container}")

    @property
    def identity(self) -> tuple[str, int]:
        """Its UID and the restarts of its containers."""
        found = get(self._cluster, "pod", self.name)
        statuses = found["status"]["containerStatuses"]
        return found["metadata"]["uid"], sum(it["restartCount"] for it in statuses)

    @property
    def address(self) -> str:
        """Its IP address, which this machine reaches as other pods do."""
        return str(self.status["podIP"])

    def ask(self, path: str, port: int = 8080) -> str:
        """Return what it answers to a GET request that comes through the API server."""
        where = f"/api/v1/namespaces/default/pods/{self.name}:{port}/proxy{path}"
        return self._cluster.kubectl("get", "--raw", where)

    def tell(self, path: str, value: object, port: int = 8080) -> str:
        """Return what it answers to a POST request with JSON that comes through the API server."""
        where = f"/api/v1/namespaces/default/pods/{self.name}:{port}/proxy{path}"
        return self._cluster.kubectl(
            "create", "--raw", where, "--filename=-", input=json.dumps(value)
        )

    def usage(self, container: str) -> dict[str, Any]:
        """Return what the kubelet says that a container uses; {} as long as it says nothing."""
        where = f"/api/v1/nodes/{self._node.name}/proxy/stats/summary"
        pods = json.loads(self._cluster.kubectl("get", "--raw", where))["pods"]
        found = (
            used
            for pod in pods
            if pod["podRef"]["name"] == self.name
            for used in pod.get("containers", ())
            if used["name"] == container and {"cpu", "memory"} <= used.keys()
        )
        return next(found, {})

    def exec(self, container: str, *command: str) -> str:
        """Run a command in a container and return what it printed; CommandError says why not."""
        where = (self.name, f"--container={container}")
        return self._cluster.kubectl("exec", *where, "--", *command)

    def waiting(self, container: str) -> str:
        """Wait until a container cannot be made, and return why."""
        seen: dict[str, str] = eventually(
            lambda: self._waiting(container), until=lambda it: "message" in it, within=_WITHIN
        )
        return seen["message"]

    def _waiting(self, container: str) -> dict[str, str]:
        states = self.status.get("containerStatuses", ())
        found = (it["state"].get("waiting", {}) for it in states if it["name"] == container)
        return next(found, {})

    def _condition(self, kind: str) -> str:
        found = (it["status"] for it in self.status.get("conditions", ()) if it["type"] == kind)
        return str(next(found, ""))
