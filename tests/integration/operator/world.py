"""A cluster of plain objects with one operator process, as the tests of the operator need it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from integration.operator.api import CLASSES, NAMESPACES, NODES, WN, WRT, Api, Raw
from integration.operator.kubelets import NAMESPACE, PODS, Kubelets
from support.waiting import pauses
from wasmwright_operator import names
from wasmwright_operator.election.elector import NAME as LEASE

T = TypeVar("T")

DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL", "--")
PROGRAM = "from wasmwright_operator.main import main; main()"
LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases"
JOBS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs"
LEDGER = f"{NAMESPACES}/{NAMESPACE}/configmaps/{names.LEDGER}"
EVENTS = f"{NAMESPACES}/default/events"
STARTS_WITHIN = 60
"""Seconds for a start on a machine that is busy with other tests; what it may take is another
test's matter."""
QUIET = 1.0
"""Seconds after which a steady operator has written all that it is going to write."""


@dataclass
class OperatorProcess:
    """The real program, as a child."""

    kubeconfig: Path
    log: Path
    name: str = "operator"
    """Of its pod."""
    port: int = 0
    """Where it tells of itself; 0 = somewhere."""
    environ: dict[str, str] = field(default_factory=dict)
    child: subprocess.Popen[bytes] | None = None
    _since: int = 0

    def start(self) -> None:
        """Start it and wait until it leads and knows the cluster."""
        self.spawn()
        try:
            self.wait_for("in sync", within=STARTS_WITHIN)
        except AssertionError as error:
            said = "\n".join(str(line) for line in self.lines[self._since :][-10:])
            raise AssertionError(f"the operator does not come up; it said:\n{said}") from error

    def spawn(self) -> None:
        """Start it without waiting for anything."""
        self._since = len(self.lines)
        with self.log.open("ab") as output:
            self.child = subprocess.Popen(
                [*DIES_WITH_US, sys.executable, "-c", PROGRAM, "run"],
                stdout=output,
                stderr=output,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(sys.path),
                    "KUBECONFIG": str(self.kubeconfig),
                    "WASMWRIGHT_NAMESPACE": NAMESPACE,
                    "WASMWRIGHT_INSTALLER_IMAGE": "wasmwright/installer:test",
                    "WASMWRIGHT_KWASM_RUNTIMES": "spin",
                    "WASMWRIGHT_HEALTH_PORT": str(self.port),
                    "WASMWRIGHT_POD_NAME": self.name,
                    **self.environ,
                },
            )

    def wait_for(self, message: str, within: float = 20) -> None:
        """Wait until the process that runs now has said something."""
        wait(lambda: self.has_said(message), within)

    def has_said(self, message: str) -> bool:
        """Tell whether the process that runs now has said something."""
        return any(line["message"] == message for line in self.lines[self._since :])

    def kill(self) -> None:
        """Stop it as a crash would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Stop it as Kubernetes does and return its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: int) -> int:
        if self.child is None:
            return 0
        self.child.send_signal(number)
        code = self.child.wait(timeout=20)
        self.child = None
        return code

    @property
    def lines(self) -> list[Raw]:
        """Return the log as the objects that it is made of."""
        text = self.log.read_text() if self.log.exists() else ""
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def writes(self, since: int = 0) -> list[str]:
        """Return what it wrote, from the n-th line of its log on."""
        lines = self.lines[since:]
        return [line["message"] for line in lines if line["logger"].endswith(".executor")]


@dataclass
class World:
    """All that a test touches."""

    api: Api
    kubelets: Kubelets
    operator: OperatorProcess

    def add_node(self, name: str, **metadata: Any) -> Raw:
        labels = {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
        labels.update(metadata.pop("labels", {}))
        body = {"metadata": {"name": name, "labels": labels, **metadata}}
        return self.api.create(NODES, body)

    def report(self, node: str, *, ready: bool, since: str = "2026-01-01T00:00:00Z") -> None:
        """Say, as the node's kubelet or its lifecycle controller would, whether it is Ready."""
        condition = {
            "type": "Ready",
            "status": "True" if ready else "Unknown",
            "reason": "Played",
            "message": "said the test",
            "lastTransitionTime": since,
            "lastHeartbeatTime": since,
        }
        self.api.merge(f"{NODES}/{node}/status", {"status": {"conditions": [condition]}})

    def annotate(self, node: str, **annotations: str | None) -> None:
        keys = {
            "runtimes": names.RUNTIMES,
            "kwasm": names.KWASM_NODE,
            "retry": names.RETRY,
            "skip": names.SKIP,
        }
        changes = {keys[name]: value for name, value in annotations.items()}
        self.api.merge(f"{NODES}/{node}", {"metadata": {"annotations": changes}})

    def declare(self, name: str, **spec: Any) -> Raw:
        source = {"hostPath": {"path": f"/usr/bin/{name}"}}
        body = {
            "apiVersion": names.API_VERSION,
            "kind": "WasmRuntime",
            "metadata": {"name": name},
            "spec": {"source": source, **spec},
        }
        return self.api.create(WRT, body)

    def labels(self, node: str) -> dict[str, str]:
        """Return the labels that we wrote."""
        found = self.api.get(f"{NODES}/{node}")["metadata"]["labels"]
        return {key: value for key, value in found.items() if "wasm" in key and "/" in key}

    def wasm_node(self, name: str) -> Raw:
        return self.api.get(f"{WN}/{name}")

    def runtime(self, name: str) -> Raw:
        return self.api.get(f"{WRT}/{name}")

    def condition(self, runtime: str, kind: str) -> Raw:
        found = self.runtime(runtime).get("status", {}).get("conditions", [])
        return next((item for item in found if item["type"] == kind), {})

    def jobs(self, node: str = "") -> list[Raw]:
        return [
            job
            for job in self.api.items(JOBS)
            if not node or job["metadata"]["annotations"][names.JOB_NODE] == node
        ]

    def events(self, name: str) -> list[Raw]:
        """Return what the operator told about an object."""
        return [
            event
            for event in self.api.items(EVENTS)
            if event["involvedObject"]["name"] == name
            and event["source"] == {"component": "wasmwright"}
        ]

    def wait_event(self, name: str, reason: str) -> Raw:
        """Wait for what is to be told once about an object: after the status that it is about."""
        wait(lambda: [event for event in self.events(name) if event["reason"] == reason])
        (event,) = (event for event in self.events(name) if event["reason"] == reason)
        return event

    def wait_provisioned(self, *nodes: str) -> None:
        for node in nodes:
            wait(lambda node=node: self.labels(node).get(names.PROVISIONED) == "true")

    def wait_given_back(self, *nodes: str) -> None:
        for node in nodes:
            wait(lambda node=node: not self.labels(node) and not self.wasm_node(node))

    def versions(self) -> dict[str, str]:
        """Return the version of every object that the operator could have written."""
        objects = [item for path in (WRT, WN, JOBS, CLASSES) for item in self.api.items(path)]
        return {item["metadata"]["uid"]: item["metadata"]["resourceVersion"] for item in objects}

    def clean(self) -> None:
        """Leave the cluster as it was found."""
        self.operator.kill()
        if any(item["metadata"]["name"] == LEASE for item in self.api.items(LEASES)):
            self.api.delete(f"{LEASES}/{LEASE}")
        self.api.delete(LEDGER)
        for runtime in self.api.items(WRT):
            path = f"{WRT}/{runtime['metadata']['name']}"
            self.api.delete(path)
            if runtime["metadata"].get("finalizers"):
                self.api.merge(path, {"metadata": {"finalizers": []}})
        for path in (WN, JOBS, CLASSES, EVENTS):
            self.api.delete(path, propagationPolicy="Background")
        self.api.delete(PODS, gracePeriodSeconds=0)
        wait(lambda: not self.api.items(PODS))
        self.api.delete(NODES)


def wait(look: Callable[[], T], within: float = 60) -> T:
    """Return what `look` finds as soon as it is something; fail after some seconds."""
    deadline, pause = time.monotonic() + within, pauses()
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s")
        time.sleep(next(pause))
