"""What a user does once the chart is installed: ask nodes, wait, run pods. Tests use it too."""

import json
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from demo.clusters import Kubectl
from demo.errors import DemoError
from localcluster.progress import Progress, silent
from workloads import pods, runtimes
from workloads.modules import Module

RUNTIMES: Final = "wasmwright.dev/runtimes"
PROVISIONED: Final = "wasmwright.dev/provisioned"
RUNTIME_LABEL: Final = "runtime.wasmwright.dev/{}"

_POLL_SECONDS: Final = 0.3


def ask(cluster: Kubectl, node: str, names: Collection[str]) -> str:
    """Annotate a node with the runtimes that it asks for; return the command as typed."""
    command = ("annotate", "node", node, f"{RUNTIMES}={','.join(names)}", "--overwrite")
    cluster.kubectl(*command)
    return " ".join(("kubectl", *command))


def wait_for_provisioned(
    cluster: Kubectl,
    node: str,
    names: Collection[str],
    *,
    timeout: float = 120,
    progress: Progress = silent,
) -> None:
    """Wait until a node has all these runtimes, telling each change of its WasmNode's state."""
    told = ""

    def is_ready() -> bool:
        nonlocal told
        state = describe_state(_get(cluster, "wasmnode", node))
        if state != told:
            told = state
            progress(f"{node}: {state}")
        return missing(_get(cluster, "node", node), names) == []

    _poll(is_ready, timeout, lambda: f"node {node} has no {_and(names)}: it is {told}")


def missing(node: Mapping[str, Any], names: Collection[str]) -> list[str]:
    """Return the labels that a node does not have yet."""
    labels = node.get("metadata", {}).get("labels", {})
    wanted = {RUNTIME_LABEL.format(name): "ready" for name in names} | {PROVISIONED: "true"}
    return [key for key, value in wanted.items() if labels.get(key) != value]


def describe_state(wasm_node: Mapping[str, Any]) -> str:
    """Return one line about a WasmNode: its state, its runtimes, why it is not done."""
    status = wasm_node.get("status", {})
    if not status:
        return "noticed" if wasm_node else "not yet noticed"
    state = str(status.get("state", "Pending"))
    error = status.get("lastError") or {}
    if error and state != "Ready":
        return f"{state}: {error.get('message', error.get('reason'))}"
    return f"{state} ({status['summary']})" if status.get("summary") else state


def wait_for_runtime_class(cluster: Kubectl, name: str, *, timeout: float = 30) -> None:
    """Wait until pods can name a RuntimeClass."""
    _poll(
        lambda: _get(cluster, "runtimeclass", name) != {},
        timeout,
        lambda: f"there is no RuntimeClass {name!r}, although a node is ready for it",
    )


def run_wasm_pod(cluster: Kubectl, runtime: str, node: str, *, timeout: float = 60) -> str:
    """Run the hello module once through a runtime on a node, and return what it printed."""
    name = f"hello-{runtime}-{node}"
    pod = pods.wasm_pod(
        name,
        module=Module.HELLO,
        runtime_class=runtime,
        node=node,
        annotations=runtimes.POD_ANNOTATIONS.get(runtime),
    )
    cluster.kubectl("delete", "pod", name, "--ignore-not-found", "--wait")
    cluster.kubectl("apply", "--filename", "-", input=json.dumps(pod))

    def phase() -> str:
        return str(_get(cluster, "pod", name).get("status", {}).get("phase", "gone"))

    _poll(
        lambda: phase() in {"Succeeded", "Failed"},
        timeout,
        lambda: f"pod {name} has not ended, it is {phase()}",
    )
    printed = cluster.kubectl("logs", name)
    if phase() != "Succeeded":
        raise DemoError(f"pod {name} failed; it printed: {printed or 'nothing'}")
    return printed


def _get(cluster: Kubectl, kind: str, name: str) -> dict[str, Any]:
    text = cluster.kubectl("get", kind, name, "--ignore-not-found", "--output", "json")
    return json.loads(text) if text.strip() else {}


def _poll(is_done: Callable[[], bool], timeout: float, complaint: Callable[[], str]) -> None:
    deadline = time.monotonic() + timeout
    while not is_done():
        if time.monotonic() > deadline:
            raise DemoError(f"after {timeout:.0f} s {complaint()}")
        time.sleep(_POLL_SECONDS)


def _and(names: Collection[str]) -> str:
    return " and ".join(names)
