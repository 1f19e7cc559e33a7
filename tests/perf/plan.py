"""Measure what a fleet plan costs: `python -m perf.plan [--nodes N] [--runtimes N]`.

The nodes are records that were read from objects as the API server sends them, and no API server is
there. One JSON line for each stage, in ms of CPU for a snapshot of the cache and a plan of it:

* `rolling`: from the first node to half of them; up to 200 have changed since the last plan
* `first`: then, by an operator that has been started anew
* `steady`: after it, when nothing has changed
"""

import asyncio
import gc
import json
import time
from statistics import median
from typing import Final

import click

from unit.operator.fleet.large import RUNTIMES, LargeFleet
from wasmwright_operator.actions import Action
from wasmwright_operator.fleet import Memo

_PARALLEL: Final = 100
_ROUNDS: Final = 20


class Timed(LargeFleet):
    """Notes how long each plan takes."""

    def __init__(self, nodes: int, runtimes: int) -> None:
        super().__init__(nodes, parallel=_PARALLEL, runtimes=RUNTIMES[:runtimes])
        self.took: list[float] = []

    def plan(self) -> tuple[Action, ...]:
        began = time.process_time()
        actions = super().plan()
        self.took.append(1000 * (time.process_time() - began))
        return actions

    def told(self, stage: str) -> None:
        """Print what plans took since the last stage."""
        figures = {"median_ms": median(self.took), "least_ms": min(self.took)}
        figures |= {"most_ms": max(self.took)}
        rounded = {key: round(value, 1) for key, value in figures.items()}
        print(json.dumps({"stage": stage, "plans": len(self.took), **rounded}))  # noqa: T201 - the result
        self.took.clear()


@click.command()
@click.option("--nodes", default=5000, show_default=True)
@click.option("--runtimes", type=click.IntRange(1, 3), default=3, show_default=True)
def main(nodes: int, runtimes: int) -> None:
    """Measure the plans of a rollout over a fleet that is only in memory."""
    fleet = Timed(nodes, runtimes)
    gc.collect()
    gc.freeze()
    asyncio.run(fleet.roll_out(0.5))
    fleet.told("rolling")
    for _ in range(_ROUNDS):
        fleet.memo = Memo()
        fleet.plan()
    fleet.told("first")
    asyncio.run(fleet.roll_out(1.0))
    fleet.took.clear()
    for _ in range(_ROUNDS):
        fleet.plan()
    fleet.told("steady")


if __name__ == "__main__":
    main()
