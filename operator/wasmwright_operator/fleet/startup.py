"""Taints that nodes are born with, and that go once the node serves what it was kept free for."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from wasmwright_operator.actions import LiftTaints
from wasmwright_operator.fleet.targets import Target
from wasmwright_operator.records import RuntimeRecord, Taint

Waiting = Mapping[tuple[str, str], set[str]]
"""By key and effect of a taint: the runtimes that it waits for."""


def lift_taints(
    runtimes: Iterable[RuntimeRecord], targets: Iterable[Target]
) -> Iterator[LiftTaints]:
    """Yield the end of startup taints; they never come back by us.

    Where several runtimes name the same taint it stays until the node serves all of them that it is
    to have. A taint of a runtime that the node is not to have is somebody else's business.
    """
    waiting = _waiting(runtimes)
    for target in targets if waiting else ():
        taints = enumerate(target.node.taints)
        done = tuple((place, taint) for place, taint in taints if _is_over(taint, target, waiting))
        if done:
            yield LiftTaints(target.node.name, target.node.uid, done)


def _waiting(runtimes: Iterable[RuntimeRecord]) -> Waiting:
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for runtime in runtimes:
        for taint in runtime.spec.placement.startup_taints if runtime.spec else ():
            found[taint.key, taint.effect].add(runtime.name)
    return found


def _is_over(taint: Taint, target: Target, waiting: Waiting) -> bool:
    awaited = waiting.get((taint.key, taint.effect), set()) & target.wanted
    served = target.wasm_node.ready_names if target.wasm_node is not None else frozenset()
    return bool(awaited) and awaited <= served
