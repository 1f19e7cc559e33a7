"""Play the kubelets of nodes that are only objects: run pods by writing their status.

A pod is played as long as its node is there. One that was bound to an earlier node of the same name
is played too, as a kubelet would: its installer finds that it is on another node.
"""

import heapq
import itertools
import json
import math
import threading
import time
from collections import defaultdict, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from integration.operator.api import NAMESPACES, NODES, Api, ApiRefusedError, Raw
from integration.operator.behaviours import (
    Behaviour,
    Lasting,
    running,
    runs_wasm,
    succeeds,
    wrong_node,
)
from integration.operator.watches import Watch, watching_all
from wasmwright_operator import names

NAMESPACE: Final = "wasmwright-system"
PODS: Final = f"{NAMESPACES}/{NAMESPACE}/pods"
_WRITERS: Final = 6
_NOTICED: Final = 0.2
"""Seconds after which a pod is said to be Running; a quicker one ends at once."""
_ENDED: Final = frozenset({"Succeeded", "Failed"})


class Kubelets:
    """Runs pods in threads: by default they succeed; `script` says what happens first."""

    def __init__(self, kubeconfig: Path) -> None:
        self.script: defaultdict[str, deque[Behaviour]] = defaultdict(deque)
        self.always: dict[str, Behaviour] = {}
        self.default: Behaviour = lambda document: succeeds(document, self.holds)
        self.smoke_tests: deque[Behaviour] = deque()
        """How the next pods of smoke tests end; those after them run wasm."""
        self.tested: list[str] = []
        self.paused = threading.Event()
        self.silent: set[str] = set()
        """Nodes whose machines are dead: nothing is heard of their pods any more."""
        self.most_at_once = 0
        self.ran: list[str] = []
        self.holds: list[str] = []
        """Digests of the artifacts that nodes tell of in their stores."""
        self._kubeconfig = kubeconfig
        self._api = Api(kubeconfig)
        self._changed = threading.Condition()
        self._nodes: dict[str, str] = {}
        self._pods: dict[str, Raw] = {}
        self._taken: set[tuple[str, str]] = set()
        self._due: list[tuple[float, int, _Errand]] = []
        self._serial = itertools.count()
        self._stack = ExitStack()
        self._is_over = False

    def __enter__(self) -> Self:
        pool = self._stack.enter_context(ThreadPoolExecutor(_WRITERS, "kubelet"))
        for _ in range(_WRITERS):
            pool.submit(self._write)
        self._stack.callback(self._end)
        nodes = Watch(NODES, self._see_node, metadata_only=True)
        watches = watching_all(self._kubeconfig, nodes, Watch(PODS, self._see_pod))
        self._stack.enter_context(watches)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._api.client.close()

    def resume(self) -> None:
        """Start the pods that came while `paused` was set."""
        with self._changed:
            self.paused.clear()
            for pod in list(self._pods.values()):
                self._tend(pod)

    def _end(self) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def _see_node(self, kind: str, raw: Raw) -> None:
        name = raw["metadata"]["name"]
        with self._changed:
            if kind == "DELETED":
                self._nodes.pop(name, None)
                return
            is_known = self._nodes.get(name) == raw["metadata"]["uid"]
            self._nodes[name] = raw["metadata"]["uid"]
            for pod in () if is_known else list(self._pods.values()):
                if pod["spec"]["nodeName"] == name:
                    self._tend(pod)

    def _see_pod(self, kind: str, raw: Raw) -> None:
        name = raw["metadata"]["name"]
        with self._changed:
            if kind == "DELETED":
                self._pods.pop(name, None)
                return
            self._pods[name] = raw
            live = [pod for pod in self._pods.values() if pod["status"]["phase"] not in _ENDED]
            self.most_at_once = max(self.most_at_once, len(live))
            self._tend(raw)

    def _tend(self, pod: Raw) -> None:
        """Decide what a kubelet does about a pod that it sees; once for each thing to do."""
        metadata, node = pod["metadata"], pod["spec"].get("nodeName", "")
        if node not in self._nodes or node in self.silent:
            return
        machine = self._nodes[node]
        if "deletionTimestamp" in metadata:
            if self._is_new(pod, f"delete on {machine}"):
                self._queue(pod, 0, {})
            return
        may_run = pod["status"]["phase"] not in _ENDED and not self.paused.is_set()
        if may_run and self._is_new(pod, f"run on {machine}"):
            self._run(pod, node)

    def _run(self, pod: Raw, node: str) -> None:
        if names.SMOKE_TEST in pod["metadata"]["annotations"]:
            self._test(pod, node)
        else:
            self._install(pod, node)

    def _test(self, pod: Raw, node: str) -> None:
        behave = self.smoke_tests.popleft() if self.smoke_tests else runs_wasm
        seconds = behave.seconds if isinstance(behave, Lasting) else 0.0
        self.tested.append(node)
        if seconds < math.inf:
            self._queue(pod, seconds, behave({}))

    def _install(self, pod: Raw, node: str) -> None:
        document = json.loads(pod["metadata"]["annotations"][names.DOCUMENT])
        is_mine = document["node"]["uid"] == self._nodes[node]
        behave = self._next(node) if is_mine else wrong_node
        seconds = behave.seconds if isinstance(behave, Lasting) else 0.0
        self.ran.append(node)
        if seconds > _NOTICED:
            self._queue(pod, 0, running())
        if seconds < math.inf:
            self._queue(pod, seconds, behave(document))

    def _next(self, node: str) -> Behaviour:
        if self.script[node]:
            return self.script[node].popleft()
        return self.always.get(node, self.default)

    def _is_new(self, pod: Raw, what: str) -> bool:
        key = (pod["metadata"]["uid"], what)
        is_new = key not in self._taken
        self._taken.add(key)
        return is_new

    def _queue(self, pod: Raw, seconds: float, status: Raw) -> None:
        """Have a status written after some seconds; an empty one means that the pod goes."""
        node = pod["spec"]["nodeName"]
        errand = _Errand(pod["metadata"]["name"], node, self._nodes[node], status)
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._serial), errand))
        self._changed.notify()

    def _write(self) -> None:
        while (errand := self._take()) is not None:
            path = f"{PODS}/{errand.pod}"
            with suppress(ApiRefusedError):  # it went meanwhile
                if errand.status:
                    self._api.merge(f"{path}/status", {"status": errand.status})
                else:
                    self._api.delete(path, gracePeriodSeconds=0)

    def _take(self) -> "_Errand | None":
        """Wait for the next write that is due; None = the play is over."""
        with self._changed:
            while not self._is_over:
                delay = self._due[0][0] - time.monotonic() if self._due else None
                if delay is not None and delay <= 0:
                    errand = heapq.heappop(self._due)[2]
                    if self._nodes.get(errand.node) == errand.machine:
                        return errand  # a machine that is gone says nothing any more
                else:
                    self._changed.wait(delay)
            return None


@dataclass(frozen=True)
class _Errand:
    """A write of one kubelet: a pod's status, or its end when that is empty."""

    pod: str
    node: str
    machine: str
    status: Raw
