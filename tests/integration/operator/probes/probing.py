"""What the probes do to a fleet, and what they look for in its history."""

import json
from typing import Any, Final

from integration.operator.api import Raw
from integration.operator.behaviours import Behaviour, fails, succeeds
from integration.operator.faults import Fault, Lost
from integration.operator.fleet import Fleet
from integration.operator.history import Change
from integration.operator.moment import run_of
from integration.operator.requests import Request
from integration.operator.world import wait
from wasmwright_operator import names

LABEL: Final = "runtime.wasmwright.dev/spin"
PODS: Final = "/api/v1/namespaces/default/pods"
BOLD: Final = {"maxParallel": 50, "maxUnavailable": "100%", "maxFailures": "100%"}
"""A rollout that nothing slows down."""


def install(
    fleet: Fleet, *nodes: str, provisioned: tuple[str, ...] | None = None, **spec: Any
) -> None:
    """Have nodes ask for spin, and wait until they have it."""
    fleet.add_nodes(*nodes)
    fleet.declare("spin", **{"rollout": BOLD, **spec})
    fleet.ask(*nodes)
    fleet.wait_provisioned_exactly(nodes if provisioned is None else provisioned)


def url(version: str) -> str:
    return f"https://artifacts.example.org/{version}/containerd-shim-spin-v2"


def download(version: str) -> Raw:
    digest = version.encode().hex().ljust(64, "0")
    platform = {"arch": "amd64", "url": url(version), "sha256": digest}
    return {"http": {"platforms": [platform]}}


def documents(fleet: Fleet, node: str) -> list[Raw]:
    """Return what the installers of a node were told, in the order of its runs."""
    created = fleet.history.created("pods")
    found = [pod for pod in created if pod["spec"]["nodeName"] == node and run_of(pod)]
    return [json.loads(pod["metadata"]["annotations"][names.DOCUMENT]) for pod in found]


def runs(fleet: Fleet, node: str) -> list[list[str]]:
    """Return the runtimes that each run on a node was to give it."""
    told = documents(fleet, node)
    return [[entry["name"] for entry in document["runtimes"]] for document in told]


def urls(fleet: Fleet, node: str) -> list[str]:
    told = documents(fleet, node)
    return [entry["source"]["http"]["url"] for it in told for entry in it["runtimes"]]


def ended_before_unlabelled(fleet: Fleet, node: str) -> bool:
    """Tell whether all installers of a node had succeeded when it lost its label."""
    ends: dict[str, int] = {}
    for change in fleet.history.changes:
        is_pod = change.resource == "pods" and change.raw["spec"]["nodeName"] == node
        if is_pod and change.raw["status"]["phase"] == "Succeeded":
            ends.setdefault(change.raw["metadata"]["uid"], change.version)
    all_ended = len(ends) == len(documents(fleet, node))
    return all_ended and max(ends.values()) < last_unlabelled(fleet, node)


def last_unlabelled(fleet: Fleet, node: str) -> int:
    changes = fleet.history.of("nodes", node)
    with_label = [index for index, it in enumerate(changes) if LABEL in labels_of(it.raw)]
    return changes[with_label[-1] + 1].version


def first_ready(fleet: Fleet, node: str) -> int:
    changes = fleet.history.of("nodes", node)
    return next(it.version for it in changes if labels_of(it.raw).get(LABEL) == "ready")


def labels_of(raw: Raw) -> dict[str, str]:
    found: dict[str, str] = raw["metadata"].get("labels", {})
    return found


def run_wasm_pod(fleet: Fleet, node: str) -> None:
    container = {"name": "web", "image": "registry.example.org/web:1"}
    spec = {
        "nodeName": node,
        "runtimeClassName": "spin",
        "automountServiceAccountToken": False,
        "containers": [container],
    }
    wait(lambda: fleet.api.get("/api/v1/namespaces/default/serviceaccounts/default"))
    fleet.api.create(PODS, {"metadata": {"name": "web"}, "spec": spec})
    fleet.api.merge(f"{PODS}/web/status", {"status": {"phase": "Running"}})


def guarded(fleet: Fleet, pod: str) -> Behaviour:
    """Return the behaviour of an installer that lets nothing go that a pod uses."""
    in_use = fails(40, "PodsInUse", f"in use by default/{pod}", blockingPods=[f"default/{pod}"])
    return lambda told: in_use(told) if fleet.api.get(f"{PODS}/{pod}") else succeeds(told)


def deletions(fleet: Fleet, resource: str) -> list[Change]:
    return [it for it in fleet.history.of(resource, "spin") if it.kind == "DELETED"]


def assert_order_of_removal(fleet: Fleet, *nodes: str) -> None:
    """Nodes first, then the RuntimeClass, the WasmRuntime last."""
    history = fleet.history
    cleaned = max(last_unlabelled(fleet, node) for node in nodes)
    (closed,) = deletions(fleet, "runtimeclasses")
    (gone,) = wait(lambda: deletions(fleet, "wasmruntimes"))
    uninstalled = [
        change.version
        for change in history.changes
        if change.resource == "wasmnodes" and not change.raw["spec"].get("runtimes")
    ]
    assert min(uninstalled) < closed.version < gone.version
    assert cleaned < gone.version


def killing(fleet: Fleet, resource: str, number: int) -> Any:
    """Return what kills the operator when its n-th object of a kind has just been created."""
    at = Lost(was_made=True, then=fleet.operator.kill)

    def decide(request: Request) -> Fault | None:
        wanted = (request.verb, request.resource, request.number)
        return at if wanted == ("create", resource, number) else None

    return decide
