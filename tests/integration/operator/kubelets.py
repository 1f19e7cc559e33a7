"""Play the kubelets of nodes that are only objects: run pods by writing their status."""

import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from integration.operator.api import NAMESPACES, Api, ApiRefusedError, Raw
from wasmwright_operator import names

Behaviour = Callable[[Raw], Raw]
"""From the document of a pod to its status."""

NAMESPACE = "wasmwright-system"


def succeeds(document: Raw, stored: Sequence[str] = ()) -> Raw:
    """The installer reached its goal."""
    runtimes = [
        {
            "name": entry["name"],
            "handler": entry["handler"]["handler"],
            "version": entry["version"],
            "digest": "d" * 64,
            "state": "ready",
        }
        for entry in document["runtimes"]
    ]
    return ended(0, document, reason="Done", message="done", runtimes=runtimes, stored=[*stored])


def fails(exit_code: int, reason: str, message: str, **more: Any) -> Behaviour:
    """Return the behaviour of an installer that ends without success."""
    return lambda document: ended(exit_code, document, reason=reason, message=message, **more)


def fetch_fails(reason: str) -> Behaviour:
    """Return the behaviour of a download that fails."""

    def behave(document: Raw) -> Raw:
        status = ended(20, document, reason=reason, message="the download is not what it should be")
        fetch = {**status["containerStatuses"][0], "name": "fetch"}
        waiting = {"state": {"waiting": {"reason": "PodInitializing"}}, "name": "apply"}
        return {
            "phase": "Failed",
            "initContainerStatuses": [fetch],
            "containerStatuses": [{**fetch, **waiting}],
        }

    return behave


def evicted(_document: Raw) -> Raw:
    """The kubelet ended the pod."""
    return {"phase": "Failed", "reason": "Evicted", "message": "the node was low on memory"}


def ended(exit_code: int, document: Raw, **result: Any) -> Raw:
    """Return the status of a pod whose container `apply` ended."""
    told = {"schemaVersion": 1, "exitCode": exit_code, "hash": document["hash"], **result}
    terminated = {"exitCode": exit_code, "message": json.dumps(told), "reason": "Completed"}
    return {
        "phase": "Failed" if exit_code else "Succeeded",
        "containerStatuses": [
            {
                "name": "apply",
                "image": "i",
                "imageID": "i",
                "ready": False,
                "restartCount": 0,
                "state": {"terminated": terminated},
            }
        ],
    }


class Kubelets:
    """Runs pods in a thread: by default they succeed; `script` says what happens first."""

    def __init__(self, kubeconfig: Path) -> None:
        self.script: defaultdict[str, deque[Behaviour]] = defaultdict(deque)
        self.always: dict[str, Behaviour] = {}
        self.paused = threading.Event()
        self.most_at_once = 0
        self.ran: list[str] = []
        self.holds: list[str] = []
        """Digests of the artifacts that nodes tell of in their stores."""
        self._api = Api(kubeconfig)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kubelets")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._api.client.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            pods = self._api.items(f"{NAMESPACES}/{NAMESPACE}/pods")
            live = [pod for pod in pods if pod["status"]["phase"] in {"Pending", "Running"}]
            self.most_at_once = max(self.most_at_once, len(live))
            for pod in pods:
                with suppress(ApiRefusedError):  # it went meanwhile
                    self._tend(pod)
            time.sleep(0.02)

    def _tend(self, pod: Raw) -> None:
        path = f"{NAMESPACES}/{NAMESPACE}/pods/{pod['metadata']['name']}"
        if "deletionTimestamp" in pod["metadata"]:
            self._api.delete(path, gracePeriodSeconds=0)
        elif pod["status"]["phase"] == "Pending" and not self.paused.is_set():
            node = pod["spec"]["nodeName"]
            document = json.loads(pod["metadata"]["annotations"][names.DOCUMENT])
            behave = self._next(node)
            self.ran.append(node)
            self._api.merge(f"{path}/status", {"status": behave(document)})

    def _next(self, node: str) -> Behaviour:
        if self.script[node]:
            return self.script[node].popleft()
        return self.always.get(node, lambda document: succeeds(document, self.holds))
