"""Revisions of one runtime that tests roll out: an edition is known by its snapshotter."""

from typing import Any, Final

from integration.operator.api import WRT, Raw
from integration.operator.behaviours import Behaviour, fails, succeeds
from integration.operator.world import World, wait
from wasmwright_operator import names

READY: Final = names.runtime_label("spin")
ASKS: Final = {names.RUNTIMES: "spin"}
BOLD: Final = {"maxParallel": 10, "maxUnavailable": "100%"}


def begin(world: World, *nodes: str, **rollout: Any) -> None:
    """Bring edition 1 to some nodes and have it become the stable one."""
    world.declare("spin", config=config(1), rollout={**BOLD, **rollout})
    for name in nodes:
        world.add_node(name, annotations=ASKS)
    world.wait_provisioned(*nodes)
    wait_phase(world, "Complete")


def roll_out(world: World, edition: int, **rollout: Any) -> None:
    """Ask for another edition, and for other rules."""
    change(world, config=config(edition), rollout=rollout)


def change(world: World, **spec: Any) -> None:
    """Change the spec, and wait until the operator has told what it thinks of that."""
    generation = world.api.merge(f"{WRT}/spin", {"spec": spec})["metadata"]["generation"]
    wait(lambda: told(world).get("observedGeneration") == generation)


def annotate(world: World, key: str, value: str) -> None:
    """Annotate the WasmRuntime."""
    world.api.merge(f"{WRT}/spin", {"metadata": {"annotations": {key: value}}})


def told(world: World) -> Raw:
    """Return the status of the WasmRuntime."""
    found: Raw = world.runtime("spin").get("status", {})
    return found


def wait_phase(world: World, phase: str) -> None:
    """Wait until the rollout of what the spec says now is there."""
    wait(lambda: _phase(world.runtime("spin")) == phase)


def editions(world: World, *nodes: str) -> list[int]:
    """Return what each node is to have now."""
    return [edition_of(world.wasm_node(name)["spec"].get("runtimes") or ()) for name in nodes]


def edition_of(entries: Any) -> int:
    """Return the edition among the entries of a WasmNode or a document; 0 = there is none."""
    return next((int(it["handler"]["snapshotter"].rpartition("-")[2]) for it in entries), 0)


def breaks(edition: int) -> Behaviour:
    """Return the behaviour of nodes on which just this edition does not start."""
    broken = fails(31, "RolledBack", "containerd did not start with it; undone")
    return lambda it: broken(it) if edition_of(it["runtimes"]) == edition else succeeds(it)


def config(edition: int) -> Raw:
    """Return `spec.config` of an edition."""
    return {"snapshotter": f"edition-{edition}"}


def _phase(runtime: Raw) -> str:
    status = runtime.get("status", {})
    is_current = status.get("observedGeneration") == runtime["metadata"]["generation"]
    return str(status["rollout"]["phase"]) if is_current else ""
