"""Measure what the installer costs a node: `python -m perf.node [ROUNDS]`.

It runs on real nodes from its own image, without the operator. One JSON line about the image, then
one per containerd flavour. Of each step of a node's life with us:

* `restarts`, `cri_silent_ms`: containerd restarts, and milliseconds without an answer of the CRI
* `seconds`: from the first byte of the download to the end of `apply`
* `downloads`: requests for an artifact

`at_once` has the restarts of a first install by the number of handlers in it, `pods_lost` counts
wasm pods that did not live through upgrade, downgrade and removal, `plan_2000_lines` is `plan` for
a configuration of that length, `start` the wall time of commands that do little.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final

from rich.console import Console

from imagebuild import build
from imagebuild.recipe import Part
from localcluster import Cluster, ClusterSpec, Node
from perf import cri_probe
from perf.bare_installer import BareInstaller, real_path
from perf.image_size import sizes
from support.kube_view import containerd_boots, get
from support.waiting import eventually
from wasmwright_installer.contract import HandlerEntry, NodeDocument, RuntimeEntry
from workloads import images, light_shim, pods, real_shim
from workloads.artifact_server import ArtifactServer
from workloads.artifacts import Artifact
from workloads.modules import Module

ROUNDS: Final = 3
AT_ONCE: Final = (1, 3, 7)
LINES: Final = 2000
STARTS: Final = 5
MAIN: Final = "/etc/containerd/config.toml"
LIGHT, REAL, CRUN = "wasmtest", "wasmtime", "crun"

_console = Console(stderr=True)


@dataclass(frozen=True)
class Cost:
    """What one step cost the node."""

    seconds: float
    restarts: int
    cri_silent_ms: float
    downloads: int


@dataclass(frozen=True)
class Bench:
    """One node with the installer on it."""

    cluster: Cluster
    node: Node
    installer: BareInstaller
    artifacts: ArtifactServer

    def light(self, name: str = LIGHT, edition: int = 1) -> RuntimeEntry:
        return self._shim(name, light_shim.artifact(edition=edition), survives=True)

    def real(self, edition: int = 1) -> RuntimeEntry:
        return self._shim(REAL, real_shim.artifact(edition=edition), survives=False)

    def _shim(self, name: str, artifact: Artifact, *, survives: bool) -> RuntimeEntry:
        http = {
            "url": self.artifacts.publish(artifact),
            "sha256": artifact.sha256,
            "path": artifact.member,
        }
        return RuntimeEntry.model_validate(
            {
                "name": name,
                "source": {"http": http},
                "handler": {
                    "handler": name,
                    "binary": artifact.member,
                    "podsSurviveRestart": survives,
                },
            }
        )

    def cost(self, act: Callable[[], object]) -> Cost:
        boots, requests = containerd_boots(self.node), self.artifacts.requests.total()
        with cri_probe.watch(self.node) as silence:
            start = time.monotonic()
            act()
            seconds = time.monotonic() - start
        restarts = containerd_boots(self.node) - boots
        downloads = self.artifacts.requests.total() - requests
        return Cost(round(seconds, 2), restarts, round(silence.milliseconds), downloads)

    def apply(self, *runtimes: RuntimeEntry, declared: tuple[HandlerEntry, ...] = ()) -> Cost:
        document = NodeDocument(runtimes=runtimes, declared=declared, keep_versions=1)
        return self.cost(lambda: self.installer.apply(document))

    def give_back(self) -> Cost:
        return self.cost(self.installer.give_back)


def crun() -> RuntimeEntry:
    return RuntimeEntry.model_validate(
        {
            "name": CRUN,
            "source": {"hostPath": {"path": "/usr/bin/crun", "probe": {"contains": "+WASM"}}},
            "handler": {"handler": CRUN, "type": "OCIRuntime", "binary": "crun"},
        }
    )


def main() -> None:
    """Raise a cluster, measure each of its nodes, and take it down."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    ours = build.ensure(_console.log)
    assert ours.archive is not None
    image = ours.names.reference(Part.INSTALLER)
    _print({"image": sizes(ours.archive, image)})
    cluster = Cluster.up(ClusterSpec(name="bench-node"), progress=_console.log)
    try:
        cluster.load(ours.archive, images.ensure_wasm())
        _declare_classes(cluster)
        with ArtifactServer(cluster.host_address) as artifacts:
            for node in cluster.nodes:
                bench = Bench(cluster, node, BareInstaller(node, image), artifacts)
                _print(_measure(bench, rounds))
    finally:
        cluster.down()


def _print(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)  # noqa: T201 - the result


def _declare_classes(cluster: Cluster) -> None:
    for name in (LIGHT, REAL):
        runtime_class = {
            "apiVersion": "node.k8s.io/v1",
            "kind": "RuntimeClass",
            "metadata": {"name": name},
            "handler": name,
        }
        cluster.kubectl("apply", "-f", "-", input=json.dumps(runtime_class))


def _measure(bench: Bench, rounds: int) -> dict[str, Any]:
    start = _starts(bench)
    costs: dict[str, list[Cost]] = {}
    lost = 0
    for number in range(1, rounds + 1):
        life = Life(bench)
        for name, cost in life.steps():
            costs.setdefault(name, []).append(cost)
            _console.log(f"{bench.node.flavour} {number}/{rounds} {name}: {cost}")
        lost += life.lost
    return {
        "flavour": bench.node.flavour,
        "rounds": rounds,
        **{name: _worst(taken) for name, taken in costs.items()},
        "pods_lost": lost,
        "at_once": {count: _at_once(bench, count) for count in AT_ONCE},
        "plan_2000_lines": _long_plan(bench),
        "start": start,
    }


def _worst(costs: list[Cost]) -> dict[str, float]:
    """Return medians; of the restarts the largest, since each one counts."""
    rows = [asdict(cost) for cost in costs]
    medians = {key: round(median(row[key] for row in rows), 2) for key in rows[0]}
    return medians | {"restarts": max(cost.restarts for cost in costs)}


class Life:
    """A node's life with us, with wasm pods that are not to notice."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.lost = 0

    def steps(self) -> Iterator[tuple[str, Cost]]:
        """Yield each step with its cost."""
        bench = self._bench
        light, real = bench.light(), bench.real()
        ahead = (real.handler, crun().handler)
        yield "first_install", bench.apply(light, declared=ahead)
        yield "second_runtime", bench.apply(light, real, declared=ahead)
        before = {name: self._start_pod(name) for name in (LIGHT, REAL)}
        yield "third_runtime", bench.apply(light, real, crun(), declared=ahead)
        yield "upgrade", bench.apply(bench.light(edition=2), bench.real(edition=2), crun())
        yield "downgrade", bench.apply(light, real, crun())
        yield "removal", bench.apply(light, real)
        self.lost += sum(not self._lives(name, identity) for name, identity in before.items())
        bench.cluster.kubectl("delete", "pods", "--all", "--timeout=60s")
        yield "give_back", bench.give_back()

    def _start_pod(self, name: str) -> tuple[str, int]:
        manifest = pods.wasm_pod(
            name, module=Module.LOOP, runtime_class=name, node=self._bench.node.name
        )
        self._bench.cluster.kubectl("apply", "-f", "-", input=json.dumps(manifest))
        eventually(
            lambda: get(self._bench.cluster, "pod", name).get("status", {}).get("phase"),
            until=lambda phase: phase == "Running",
            within=60,
        )
        return self._identity(name)

    def _identity(self, name: str) -> tuple[str, int]:
        pod = get(self._bench.cluster, "pod", name)
        statuses = pod["status"]["containerStatuses"]
        return pod["metadata"]["uid"], sum(each["restartCount"] for each in statuses)

    def _lives(self, name: str, identity: tuple[str, int]) -> bool:
        """Tell whether a pod is the same as before and goes on with its work."""
        ticks = self._ticks(name)
        deadline = time.monotonic() + 10
        while self._ticks(name) <= ticks and time.monotonic() < deadline:
            time.sleep(0.5)
        return self._identity(name) == identity and self._ticks(name) > ticks

    def _ticks(self, name: str) -> int:
        return self._bench.cluster.kubectl("logs", name).count("tick")


def _at_once(bench: Bench, count: int) -> int:
    """Return the restarts of a first install of so many handlers."""
    cost = bench.apply(*(bench.light(f"light-{number}") for number in range(count)))
    bench.give_back()
    return cost.restarts


def _long_plan(bench: Bench) -> dict[str, float]:
    """Plan for a long configuration; the daemon is not restarted with it, only asked about it."""
    main = real_path(bench.node, MAIN)
    before = main.read_bytes()
    main.write_bytes(before + _long_part(before))
    document = NodeDocument(runtimes=(bench.light(), crun())).model_dump_json(exclude_none=True)
    try:
        lines = main.read_bytes().count(b"\n")
        done = bench.installer.run(
            "plan", "--document", "-", "--host-root", "/host", document=document
        )
    finally:
        main.write_bytes(before)
    assert done.output["handlersAdded"] == [CRUN, LIGHT], done.output
    return {
        "lines": lines,
        "seconds": round(done.seconds, 2),
        "peak_mib": round(done.peak_mib, 1),
    }


def _long_part(main: bytes) -> bytes:
    """Handlers of somebody else, as long as it takes."""
    is_new = b"io.containerd.cri.v1.runtime" in main
    table = "io.containerd.cri.v1.runtime" if is_new else "io.containerd.grpc.v1.cri"
    wanted = LINES - main.count(b"\n")
    handlers: list[str] = []
    while len(handlers) < wanted:
        name = f'[plugins."{table}".containerd.runtimes.other{len(handlers)}'
        handlers += [
            f"# handler {len(handlers)} of somebody else",
            f"{name}]",
            '  runtime_type = "io.containerd.runc.v2"',
            f"  {name}.options]",
            '    BinaryName = "/usr/bin/crun"',
            "    SystemdCgroup = true",
            "",
        ]
    return ("\n" + "\n".join(handlers[:wanted])).encode()


def _starts(bench: Bench) -> dict[str, float]:
    def fastest(*arguments: str) -> float:
        return round(min(bench.installer.run(*arguments).seconds for _ in range(STARTS)), 2)

    return {
        "version_s": fastest("--version"),
        "status_s": fastest("status", "--host-root", "/host"),
        "status_peak_mib": round(bench.installer.run("status", "--host-root", "/host").peak_mib, 1),
    }


if __name__ == "__main__":
    main()
