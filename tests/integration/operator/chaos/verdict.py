"""What a fleet looks like in the end, and what of it is wrong."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from integration.operator.api import CLASSES, NODES, WN, Raw
from integration.operator.chaos.stage import LABEL, Stage, source
from integration.operator.chaos.story import Deed, Fate
from integration.operator.kubelets import PODS
from integration.operator.moment import node_uid, run_of
from integration.operator.world import JOBS
from wasmwright_operator import names

_BAD = {Fate.BROKEN: ("Failed", "RolledBack"), Fate.HOPELESS: ("Unsupported", "UnsupportedNode")}


def problems(stage: Stage) -> list[str]:
    """Return a sentence for each thing that is not as it should be in the end."""
    nodes = {raw["metadata"]["name"]: raw for raw in stage.fleet.api.items(NODES)}
    wasm_nodes = {raw["metadata"]["name"]: raw for raw in stage.fleet.api.items(WN)}
    found = [f"WasmNode {name} without a node" for name in wasm_nodes.keys() - nodes.keys()]
    for name, node in nodes.items():
        found.extend(f"node {name}: {it}" for it in _of_node(stage, node, wasm_nodes.get(name)))
    found.extend(_left_over(stage, nodes, wasm_nodes))
    found.extend(_of_runtime(stage, nodes.keys()))
    return found


def repetitions(stage: Stage) -> list[str]:
    """Return the nodes that did the same twice though nothing had gone wrong on them.

    One that leaves and comes back has good reason to.
    """
    have_left = {step.node for step in stage.story.steps if step.deed is Deed.LEAVE}
    good = {name for name, fate in stage.story.fates.items() if fate is Fate.GOOD} - have_left
    runs = Counter(
        (pod["spec"]["nodeName"], run[0], run[1])
        for pod in stage.fleet.history.created("pods")
        if (run := run_of(pod)) and pod["spec"]["nodeName"] in good
    )
    return [
        f"{count} runs on node {name} for {goal[:12]}"
        for (name, _owner, goal), count in runs.items()
        if count > 1
    ]


def _of_node(stage: Stage, node: Raw, wasm_node: Raw | None) -> Iterator[str]:
    name, labels = node["metadata"]["name"], _ours(node)
    if name in stage.left:
        if labels or wasm_node:
            yield f"has left, but has {labels or 'a WasmNode'}"
        return
    if wasm_node is None:
        yield "has no WasmNode"
        return
    spec, status = wasm_node["spec"], wasm_node.get("status") or {}
    if spec["nodeUid"] != node["metadata"]["uid"]:
        yield "its WasmNode is about an earlier node"
    if [entry["source"]["http"]["sha256"] for entry in spec["runtimes"]] != [_digest(stage)]:
        yield f"is to have another revision than {stage.version}"
    yield from _of_fate(stage.story.fates[name], labels, spec, status)


def _of_fate(fate: Fate, labels: dict[str, str], spec: Raw, status: Raw) -> Iterator[str]:
    if fate not in _BAD:
        if labels != {LABEL: "ready", names.PROVISIONED: "true"}:
            yield f"labels {labels}, state {status.get('state')}"
        if (status.get("state"), status.get("installedHash")) != ("Ready", spec["hash"]):
            yield f"state {status.get('state')}, or not what it is to have"
        return
    state, reason = _BAD[fate]
    if labels != {LABEL: "failed"}:
        yield f"fails for ever, but has labels {labels}"
    told = status.get("state"), (status.get("lastError") or {}).get("reason")
    if told != (state, reason):
        yield f"fails for ever, but tells {told}"
    if bool(status.get("nextRetry")) != (fate is Fate.BROKEN):
        yield f"next retry is {status.get('nextRetry')!r}"


def _left_over(stage: Stage, nodes: dict[str, Raw], wasm_nodes: dict[str, Raw]) -> Iterator[str]:
    """Jobs and pods go with their nodes; what is being deleted waits for the controller manager."""
    owners = {raw["metadata"]["uid"] for raw in wasm_nodes.values()}
    for job in stage.fleet.api.items(JOBS):
        if job["metadata"]["annotations"][names.JOB_OWNER] not in owners:
            yield f"Job {job['metadata']['name']} is about nothing"
    uids = {raw["metadata"]["uid"] for raw in nodes.values()}
    for pod in stage.fleet.api.items(PODS):
        if node_uid(pod) not in uids and "deletionTimestamp" not in pod["metadata"]:
            yield f"pod {pod['metadata']['name']} of a node that is gone"


def _of_runtime(stage: Stage, nodes: Any) -> Iterator[str]:
    fates = Counter(stage.story.fates[name] for name in nodes if name not in stage.left)
    good = fates[Fate.GOOD] + fates[Fate.FLAKY]
    bad = fates[Fate.BROKEN] + fates[Fate.HOPELESS]
    status = stage.fleet.runtime("spin").get("status") or {}
    counts = status.get("nodes") or {}
    told = {key: counts.get(key) for key in ("targeted", "ready", "updated", "failed", "updating")}
    wanted = {
        "targeted": good + bad,
        "ready": good,
        "updated": good,
        "failed": bad,
        "updating": 0,
    }
    if told != wanted:
        yield f"the WasmRuntime tells {told}, it should be {wanted}"
    if not stage.fleet.api.get(f"{CLASSES}/spin"):
        yield "there is no RuntimeClass"


def _digest(stage: Stage) -> str:
    digest: str = source(stage.version)["http"]["platforms"][0]["sha256"]
    return digest


def _ours(node: Raw) -> dict[str, str]:
    labels = node["metadata"]["labels"]
    return {key: value for key, value in labels.items() if "wasmwright.dev/" in key}
