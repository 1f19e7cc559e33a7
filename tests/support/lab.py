"""One cluster with wasmwright in it, in the words in which a user would act on it."""

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from demo import chart
from imagebuild import build
from imagebuild.recipe import ImageNames
from localcluster import Cluster, Node
from support.kube_view import get, items, labels
from support.kube_write import put
from support.waiting import eventually
from workloads import images, light_shim, pods, real_shim, runtimes
from workloads.artifact_server import ArtifactServer
from workloads.modules import Module

WITHIN = 60
"""Seconds for what takes some five when nothing else runs on the machine."""


Install = Callable[..., None]
"""Installs or upgrades the release, with values as keywords."""


@dataclass(frozen=True)
class Pod:
    """A pod as it was when it ran: what must not change when something else on its node does."""

    name: str
    identity: tuple[str, int]
    """Its UID and the restarts of its container."""


@dataclass
class Lab:
    """What a test does to the cluster."""

    cluster: Cluster
    artifacts: ArtifactServer
    images: ImageNames
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes: containerd 1.7 first, then 2.4."""
        return self.cluster.nodes

    def kubectl(self, *args: str) -> str:
        """Run kubectl and return what it printed."""
        return self.cluster.kubectl(*args)

    def install(self, **values: Any) -> None:
        """Install or upgrade the release; values go beyond those of every test."""
        ordinary = {**chart.image_values(self.images), **chart.NO_CATALOGUE}
        kwasm = {"compat": {"kwasm": {"runtimes": [runtimes.WASMTEST]}}}
        chart.install_chart(self.cluster, ordinary | kwasm | values)

    def declare(
        self, *names: str, sha256: str | None = None, edition: int = 1, **fields: Any
    ) -> None:
        """Create or change WasmRuntimes of the given names, with further fields of their spec."""
        for name in names:
            spec = self._spec(name, sha256, edition) | fields
            manifest = json.dumps(runtimes.manifest(name, spec))
            self.cluster.kubectl("apply", "--server-side", "-f", "-", input=manifest)

    def _spec(self, name: str, sha256: str | None, edition: int) -> runtimes.Spec:
        if name == runtimes.CRUN:
            return runtimes.crun()
        if name == runtimes.WASMTEST:
            light = light_shim.artifact(edition=edition)
            spec = runtimes.light_shim(light, self.artifacts.publish(light))
            spec["source"]["http"]["platforms"][0]["sha256"] = sha256 or light.sha256
            return spec
        real = real_shim.artifact(edition=edition)
        return runtimes.shim(real, self.artifacts.publish(real), version="1", sha256=sha256)

    def ask(self, node: Node, names: str | None) -> None:
        """Annotate a node with the runtimes that it is to have; None takes the annotation away."""
        value = "wasmwright.dev/runtimes" + ("-" if names is None else f"={names}")
        self.kubectl("annotate", "--overwrite", "node", node.name, value)

    def wait_provisioned(self, node: Node) -> None:
        """Wait until everything that the node is to have is ready."""
        eventually(
            lambda: labels(self.cluster, node),
            until=lambda found: found.get("wasmwright.dev/provisioned") == "true",
            within=WITHIN,
        )

    def wait_ready(self, node: Node, *names: str) -> None:
        """Wait until the node says that it serves the runtimes."""
        eventually(
            lambda: labels(self.cluster, node),
            until=lambda found: all(
                found.get(f"runtime.wasmwright.dev/{name}") == "ready" for name in names
            ),
            within=WITHIN,
        )

    def wait_class(self, *names: str) -> None:
        """Wait until the RuntimeClasses are there."""
        for name in names:
            eventually(
                lambda name=name: get(self.cluster, "runtimeclass", name),
                until=bool,
                within=WITHIN,
            )

    def wait_given_back(self, node: Node) -> None:
        """Wait until nothing in the API says any more that the node has a runtime."""
        eventually(lambda: get(self.cluster, "wn", node.name), until=lambda wn: not wn, within=60)
        eventually(
            lambda: [key for key in labels(self.cluster, node) if "wasmwright.dev" in key],
            until=lambda ours: not ours,
            within=10,
        )

    def runtime_class(self, name: str) -> None:
        """Make a RuntimeClass by hand, for a handler that no operator knows of."""
        meta = {"name": name, "labels": {"made-by": "test"}}
        manifest = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": meta}
        put(self.cluster, manifest | {"handler": name})

    def run_hello(self, node: Node, runtime: str) -> str:
        """Run a wasm pod to its end on the node, through the RuntimeClass, and return its log."""
        self.wait_class(runtime)
        name = self._create(Module.HELLO, node, runtime)
        self._wait_phase(name, "Succeeded")
        log = self.kubectl("logs", name)
        self.kubectl("delete", "pod", name, "--wait=false")
        return log

    @contextmanager
    def started_hello(self, node: Node, runtime: str) -> Iterator[str]:
        """Start a wasm pod that ends by itself; it is deleted after the block."""
        name = self._create(Module.HELLO, node, runtime)
        yield name
        self.kubectl("delete", "pod", name, "--wait=false")

    def run_loop(self, node: Node, runtime: str) -> Pod:
        """Start a wasm pod that runs until it is deleted."""
        self.wait_class(runtime)
        name = self._create(Module.LOOP, node, runtime)
        self._wait_phase(name, "Running")
        return Pod(name, self._identity(name))

    def deploy_loop(self, node: Node, runtime: str) -> str:
        """Have a Deployment keep a wasm pod running on the node, and return its name."""
        self.wait_class(runtime)
        name = f"loop-{next(self._numbers)}"
        put(self.cluster, pods.deployment(name, self._wasm_pod(name, Module.LOOP, node, runtime)))
        return name

    def guard(self, deployment: str) -> None:
        """Let no pod of a Deployment be evicted."""
        put(self.cluster, pods.budget(deployment))

    def running_pod(self, deployment: str, *, other_than: Pod | None = None) -> Pod:
        """Wait for a pod of a Deployment that runs, as it has not been seen before."""
        before = other_than.identity if other_than else None
        found = eventually(
            lambda: [pod for pod in self._running(deployment) if pod.identity != before],
            until=bool,
            within=WITHIN,
        )
        return found[0]

    def _running(self, deployment: str) -> list[Pod]:
        found = items(self.cluster, "pod")
        ours = [it for it in found if it["metadata"]["name"].startswith(f"{deployment}-")]
        started = [
            it["metadata"]["name"]
            for it in ours
            if "deletionTimestamp" not in it["metadata"]
            and any("running" in c["state"] for c in it["status"].get("containerStatuses", []))
        ]
        return [Pod(name, self._identity(name)) for name in started]

    def bystander(self, node: Node) -> Pod:
        """Start a native pod that nothing may disturb."""
        name = f"bystander-{next(self._numbers)}"
        put(self.cluster, pods.bystander_pod(name, node=node.name))
        self._wait_phase(name, "Running")
        return Pod(name, self._identity(name))

    def pod_identity(self, pod: Pod) -> tuple[str, int]:
        """Return the identity that a pod has now."""
        return self._identity(pod.name)

    def still_ticks(self, pod: Pod) -> bool:
        """Tell whether the guest of a loop pod goes on with its work."""
        before = self.kubectl("logs", pod.name).count("tick")
        after = eventually(
            lambda: self.kubectl("logs", pod.name).count("tick"),
            until=lambda ticks: ticks > before,
            within=10,
        )
        return after > before

    def delete_pod(self, pod: Pod) -> None:
        """Delete a pod and wait until it is gone."""
        self.kubectl("delete", "pod", pod.name, "--timeout=60s")

    def clean(self) -> None:
        """Take everything back that a test made, and wait until no node has anything of ours."""
        self.kubectl("delete", "deployments,pdb,pods", "--all", "--timeout=60s")
        for node in self.nodes:
            self.ask(node, None)
            self.kubectl("annotate", "node", node.name, "kwasm.sh/kwasm-node-")
            self.kubectl("label", "node", node.name, "pool-")
        self.kubectl("delete", "runtimeclasses", "--selector=made-by=test")
        self.kubectl("delete", "wrt", "--all", "--timeout=120s")
        eventually(lambda: items(self.cluster, "wn"), until=lambda found: not found, within=WITHIN)

    def _create(self, module: Module, node: Node, runtime: str) -> str:
        name = f"{module}-{next(self._numbers)}"
        put(self.cluster, self._wasm_pod(name, module, node, runtime))
        return name

    def _wasm_pod(self, name: str, module: Module, node: Node, runtime: str) -> pods.Manifest:
        return pods.wasm_pod(
            name,
            module=module,
            runtime_class=runtime,
            node=node.name,
            annotations=runtimes.POD_ANNOTATIONS.get(runtime),
        )

    def _wait_phase(self, name: str, phase: str) -> None:
        eventually(
            lambda: get(self.cluster, "pod", name).get("status", {}),
            until=lambda status: status.get("phase") == phase,
            within=WITHIN,
        )

    def _identity(self, name: str) -> tuple[str, int]:
        pod = get(self.cluster, "pod", name)
        statuses = pod["status"]["containerStatuses"]
        return pod["metadata"]["uid"], sum(status["restartCount"] for status in statuses)


@contextmanager
def open_lab(cluster: Cluster) -> Iterator[Lab]:
    """Install wasmwright into a cluster from its chart and serve the shims that tests install."""
    ours = build.ensure()
    assert ours.archive is not None
    cluster.load(ours.archive, images.ensure_wasm(), images.ensure_bystander())
    with ArtifactServer(cluster.host_address) as artifacts:
        opened = Lab(cluster, artifacts, ours.names)
        opened.install()
        yield opened
