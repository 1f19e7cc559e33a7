"""In which order nodes take their turns: the same after a restart, and spread over the zones."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Final

from wasmwright_operator.fleet.runs import Run

Turn = tuple[int, str]

_REMEMBERED: Final = 16_384
"""Places of nodes in their zones: they stay as they are for as long as a rollout takes."""


def turns(runs: Iterable[Run], busy_zones: Mapping[str, int]) -> list[Run]:
    """Return the runs in the order in which they are to begin.

    The next node is one of the zone in which the fewest change; within a zone a hash decides, so
    that no name and no age comes first, and another revision begins elsewhere. Nodes that failed
    come after all others, and last of all the one that has failed for longest.
    """
    zones: dict[str, list[tuple[str, Run]]] = defaultdict(list)
    failed: list[tuple[tuple[str, str], Run]] = []
    for run in runs:
        mark, wasm_node = _hashed(run.target.node.uid + run.hash), run.target.wasm_node
        if wasm_node is not None and wasm_node.has_failed:
            failed.append(((wasm_node.status.failing_since, mark), run))
        else:
            zones[run.target.node.zone].append((mark, run))
    ranked: list[tuple[Turn, Run]] = []
    for zone, members in zones.items():
        members.sort(key=itemgetter(0))
        begin = busy_zones.get(zone, 0)
        ranked.extend(((begin + i, mark), item) for i, (mark, item) in enumerate(members))
    ranked.sort(key=itemgetter(0))
    failed.sort(key=itemgetter(0), reverse=True)
    return [run for _, run in (*ranked, *failed)]


@lru_cache(_REMEMBERED)
def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
