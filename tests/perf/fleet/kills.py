"""A changed source goes over the whole fleet while the operator is killed again and again."""

import random
import time
from typing import Any, Final

from integration.operator.api import WN, WRT, Raw
from integration.operator.world import OperatorProcess
from perf.fleet import rollout
from perf.fleet.options import Options
from perf.fleet.probing import last_gain
from perf.fleet.testbed import Testbed

_CHANGED: Final = rollout.RUNTIMES[0]
_LONGEST: Final = 2.0
"""Seconds that the operator is left alive at most."""
_GIVE_UP: Final = 300.0
"""Seconds without one node more after which those that are wrong count as wrong for ever."""


def measure(bed: Testbed, operator: OperatorProcess, options: Options) -> dict[str, Any]:
    """Return how many nodes are wrong after all kills, and what ran at the same time at most."""
    chance, edition, start = random.Random(options.seed), 1, time.monotonic()  # noqa: S311
    with rollout.observed(bed) as seen:
        before = len(seen.jobs.seen)
        _change(bed, edition)
        for _ in range(options.kills):
            time.sleep(chance.uniform(0, _LONGEST))
            operator.kill()
            if _updated(bed) == options.nodes:
                edition += 1
                _change(bed, edition)
            operator.start()
        last_gain(lambda: _updated(bed), goal=options.nodes, within=_GIVE_UP)
        provisioned = len(seen.nodes.present)
    return {
        "kills": options.kills,
        "seed": options.seed,
        "editions": edition,
        "jobs": len(seen.jobs.seen) - before,
        "max_installers_in_flight": seen.pods.most,
        "nodes_wrong": options.nodes - min(provisioned, _right(bed, edition)),
        "seconds": round(time.monotonic() - start, 1),
    }


def _change(bed: Testbed, edition: int) -> None:
    changed = {"spec": {"source": rollout.source(_CHANGED, edition=edition)}}
    bed.api.merge(f"{WRT}/{_CHANGED}", changed)


def _updated(bed: Testbed) -> int:
    """Return how many nodes have the last edition, as the WasmRuntime says."""
    raw = bed.api.get(f"{WRT}/{_CHANGED}")
    is_seen = raw["status"].get("observedGeneration") == raw["metadata"]["generation"]
    return int(raw["status"]["nodes"]["updated"]) if is_seen else 0


def _right(bed: Testbed, edition: int) -> int:
    """Return how many nodes proved to have an edition, as their own objects say."""
    (platform,) = rollout.source(_CHANGED, edition=edition)["http"]["platforms"]
    return sum(1 for raw in bed.api.items(WN) if _has(raw, platform["sha256"]))


def _has(raw: Raw, digest: str) -> bool:
    entries = raw["spec"]["runtimes"]
    given = [it["source"]["http"]["sha256"] for it in entries if it["name"] == _CHANGED]
    told = [it["state"] for it in raw["status"]["runtimes"] if it["name"] == _CHANGED]
    is_proven = raw["spec"]["hash"] == raw["status"]["installedHash"]
    return is_proven and (given, told) == ([digest], ["ready"])
