"""Measure what an install costs a node: `python -m perf.install [ROUNDS]`.

One JSON line per containerd flavour, with medians over the rounds:

* `provisioned_s`: from `kubectl annotate` to the label `wasmwright.dev/provisioned`
* `first_output_s`: from that label to the first line of a pod that is created then
* `restarts`, `cri_silent_ms`: containerd restarts, and milliseconds without an answer of the CRI
* `operator_requests`: API requests of the operator for this node

`one` and `three` are a node's first install, of one runtime or of three at once. `later_*` are what
comes after it, and `give_back` is the end of the last runtime.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from statistics import median
from typing import Final

from rich.console import Console

from localcluster import Cluster, ClusterSpec, Node
from perf import cri_probe, operator_requests
from support.kube_view import containerd_boots, get
from support.lab import Lab, open_lab
from support.waiting import eventually

ROUNDS: Final = 5
ALL: Final = "wasmtest,wasmtime,crun"

_console = Console(stderr=True)


@dataclass(frozen=True)
class Sample:
    """What one change of one node cost."""

    provisioned_s: float
    restarts: int
    cri_silent_ms: float
    operator_requests: int
    first_output_s: float | None = None


def main() -> None:
    """Raise a cluster, measure each of its nodes, and take it down."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    cluster = Cluster.up(ClusterSpec(name="bench"), progress=_console.log)
    try:
        with open_lab(cluster) as lab:
            operator_requests.begin(cluster)
            for node in lab.nodes:
                print(json.dumps(_measure(lab, node, rounds)), flush=True)  # noqa: T201 - the result
    finally:
        cluster.down()


def _measure(lab: Lab, node: Node, rounds: int) -> dict[str, object]:
    samples: dict[str, list[Sample]] = {}
    for number in range(1, rounds + 1):
        for name, sample in _round(lab, node):
            samples.setdefault(name, []).append(sample)
            _console.log(f"{node.flavour} {number}/{rounds} {name}: {sample}")
    medians = {name: _medians(taken) for name, taken in samples.items()}
    return {"flavour": node.flavour, "rounds": rounds, **medians}


def _medians(samples: list[Sample]) -> dict[str, float]:
    """Return the median of each figure; of the restarts the largest, since each one counts."""
    rows = [asdict(sample) for sample in samples]
    figures = {
        key: round(median(row[key] for row in rows), 3)
        for key in rows[0]
        if rows[0][key] is not None
    }
    return figures | {"restarts": max(sample.restarts for sample in samples)}


def _round(lab: Lab, node: Node) -> Iterator[tuple[str, Sample]]:
    lab.declare("wasmtest", "wasmtime", "crun")
    yield "one", _install(lab, node, "wasmtest")
    yield "later_install", _change(lab, node, lambda: lab.ask(node, ALL), ALL)
    yield "later_upgrade", _change(lab, node, lambda: lab.declare("wasmtest", edition=2), ALL)
    yield "later_removal", _change(lab, node, lambda: lab.ask(node, "wasmtime"), "wasmtime")
    yield "give_back", _give_back(lab, node)
    yield "three", _install(lab, node, ALL)
    _give_back(lab, node)


def _install(lab: Lab, node: Node, names: str) -> Sample:
    return _change(lab, node, lambda: lab.ask(node, names), names, then=lambda: _pod(lab, node))


def _give_back(lab: Lab, node: Node) -> Sample:
    return _cost(
        lab,
        node,
        lambda: lab.ask(node, None),
        lambda: eventually(
            lambda: get(lab.cluster, "wn", node.name), until=lambda wn: not wn, within=60
        ),
    )


def _change(
    lab: Lab,
    node: Node,
    trigger: Callable[[], object],
    names: str,
    then: Callable[[], float] | None = None,
) -> Sample:
    before = get(lab.cluster, "wn", node.name).get("status", {}).get("installedHash")
    wanted = sorted(names.split(","))

    def is_done() -> bool:
        wn = get(lab.cluster, "wn", node.name)
        status = wn.get("status", {})
        return (
            status.get("installedHash") not in {None, before}
            and wn["spec"]["hash"] == status["installedHash"]
            and sorted(runtime["name"] for runtime in wn["spec"]["runtimes"]) == wanted
        )

    def wait() -> None:
        if before is None:
            label = r"jsonpath={.metadata.labels.wasmwright\.dev/provisioned}=true"
            lab.kubectl("wait", f"node/{node.name}", f"--for={label}", "--timeout=90s")
        else:
            eventually(is_done, until=bool, within=90)

    return _cost(lab, node, trigger, wait, then)


def _cost(
    lab: Lab,
    node: Node,
    trigger: Callable[[], object],
    wait: Callable[[], object],
    then: Callable[[], float] | None = None,
) -> Sample:
    requests = operator_requests.count(lab.cluster)
    boots = containerd_boots(node)
    with cri_probe.watch(node) as silence:
        start = time.monotonic()
        trigger()
        wait()
        seconds = time.monotonic() - start
    first_output = then() if then else None
    time.sleep(1)  # what the operator still writes about this change belongs to it
    return Sample(
        provisioned_s=seconds,
        restarts=containerd_boots(node) - boots,
        cri_silent_ms=silence.milliseconds,
        operator_requests=operator_requests.count(lab.cluster) - requests,
        first_output_s=first_output,
    )


def _pod(lab: Lab, node: Node) -> float:
    """Return the seconds from now to the first line of a wasm pod, read from its log file."""
    start = time.monotonic()
    eventually(lambda: get(lab.cluster, "runtimeclass", "wasmtest"), until=bool, within=30)
    with lab.started_hello(node, "wasmtest") as name:
        logs = node.root / "var/log/pods"
        eventually(
            lambda: [
                path for path in logs.glob(f"default_{name}_*/main/0.log") if path.stat().st_size
            ],
            until=bool,
            within=60,
        )
        return time.monotonic() - start


if __name__ == "__main__":
    main()
