"""How installers end on nodes that are only objects: from the document of a pod to its status."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from integration.operator.api import Raw
from wasmwright_operator.node.smoketest import GREETING

Behaviour = Callable[[Raw], Raw]
"""From the document of a pod to its status."""


@dataclass(frozen=True)
class Lasting:
    """A behaviour that takes its time; until then the pod is Running."""

    seconds: float
    behave: Behaviour

    def __call__(self, document: Raw) -> Raw:
        return self.behave(document)


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


def runs_wasm(_document: Raw) -> Raw:
    """The pod of a smoke test ran wasm."""
    return _tested(0, f"{GREETING}\n")


def traps(_document: Raw) -> Raw:
    """The pod of a smoke test did not run wasm."""
    return _tested(137, "trap: unreachable")


def _tested(exit_code: int, message: str) -> Raw:
    terminated = {"exitCode": exit_code, "message": message, "reason": "Completed"}
    container = {**_container({"terminated": terminated}), "name": "smoke-test"}
    return {"phase": "Failed" if exit_code else "Succeeded", "containerStatuses": [container]}


def takes(seconds: float, behave: Behaviour = succeeds) -> Lasting:
    """Return a behaviour that shows only after some seconds."""
    return Lasting(seconds, behave)


hangs: Final = Lasting(math.inf, succeeds)
"""The installer never ends by itself."""

wrong_node: Final = fails(13, "WrongNode", "the document is about another node of this name")
"""What an installer says when the node was created anew since its Job was."""


def running() -> Raw:
    """Return the status of a pod whose container `apply` runs."""
    return {"phase": "Running", "containerStatuses": [_container({"running": {}})]}


def ended(exit_code: int, document: Raw, **result: Any) -> Raw:
    """Return the status of a pod whose container `apply` ended."""
    told = {"schemaVersion": 1, "exitCode": exit_code, "hash": document["hash"], **result}
    terminated = {"exitCode": exit_code, "message": json.dumps(told), "reason": "Completed"}
    return {
        "phase": "Failed" if exit_code else "Succeeded",
        "containerStatuses": [_container({"terminated": terminated})],
    }


def _container(state: Raw) -> Raw:
    return {
        "name": "apply",
        "image": "i",
        "imageID": "i",
        "ready": "running" in state,
        "restartCount": 0,
        "state": state,
    }
