"""The demo from beginning to end. Each step finds what an earlier run has left and goes on."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from demo import chart, shim_server, steps
from demo.clusters import DemoCluster, KindDemoCluster, LocalDemoCluster
from demo.errors import DemoError
from demo.narration import Narrator
from demo.preflight import Way
from demo.showcase import Showcase, showcase
from imagebuild import build
from imagebuild.build import Images
from imagebuild.recipe import Part
from localcluster.progress import Progress
from workloads import images as workload_images
from workloads.modules import GREETING


@dataclass(frozen=True, slots=True)
class Ground:
    """How the demo comes by a cluster and images, one way or the other."""

    title: str
    install_tools: Callable[[Progress], None]
    build_images: Callable[[Progress], Images]
    raise_cluster: Callable[[Progress], DemoCluster]


GROUNDS: Final[Mapping[Way, Ground]] = {
    Way.KIND: Ground(
        title="Making a cluster with kind, and the images of operator and installer",
        install_tools=lambda _: None,
        build_images=build.ensure_in_docker,
        raise_cluster=KindDemoCluster.up,
    ),
    Way.LOCAL: Ground(
        title="Raising a cluster of two nodes, and building the images (the first time: long)",
        install_tools=build.install_tools,
        build_images=build.ensure,
        raise_cluster=LocalDemoCluster.up,
    ),
}


@dataclass(slots=True)
class Demo:
    """One run of the demo; `cluster` is there once it is up, for whoever has to look into it."""

    way: Way
    narrator: Narrator
    cluster: DemoCluster | None = None

    def run(self) -> DemoCluster:
        """Go through all steps and return the cluster, which stays up."""
        show = showcase(self.way)
        images, cluster = self._prepare()
        self._load(cluster, images)
        self._install(cluster, images, show)
        self._ask(cluster, show)
        self._run_pods(cluster, show)
        return cluster

    def _prepare(self) -> tuple[Images, DemoCluster]:
        """Build images and Helm beside the cluster: each alone leaves a core idle half the time."""
        ground, say = GROUNDS[self.way], self.narrator.say
        with self.narrator.step(ground.title), ThreadPoolExecutor() as pool:
            ground.install_tools(say)
            images = pool.submit(ground.build_images, say)
            helm = pool.submit(chart.helm_program, say)
            cluster = ground.raise_cluster(say)
            self.cluster = cluster
            helm.result()
            return images.result(), cluster

    def _load(self, cluster: DemoCluster, images: Images) -> None:
        with self.narrator.step("Giving the nodes the images, as there is no registry"):
            say = self.narrator.say
            cluster.load(images.archive, [images.names.reference(part) for part in Part], say)
            cluster.load(workload_images.ensure_wasm(), [workload_images.WASM], say)

    def _install(self, cluster: DemoCluster, images: Images, show: Showcase) -> None:
        with self.narrator.step("Installing wasmwright with Helm, and declaring the runtimes"):
            self.narrator.say(show.explanation)
            url = ""
            if show.served:
                image = images.names.reference(Part.INSTALLER)
                url = shim_server.serve(cluster, show.served, image=image)
            values = {
                **chart.image_values(images.names),
                **chart.NO_CATALOGUE,
                "runtimes": show.specs(url),
            }
            self.narrator.command(
                f"helm upgrade --install {chart.RELEASE} deploy/chart"
                f" --namespace {chart.NAMESPACE} --create-namespace --values ..."
            )
            chart.install_chart(cluster, values)

    def _ask(self, cluster: DemoCluster, show: Showcase) -> None:
        workers = cluster.workers
        with self.narrator.step("Asking the nodes for the runtimes, and waiting for the proof"):
            for node in workers:
                self.narrator.command(steps.ask(cluster, node, show.names))
            for node in workers:
                steps.wait_for_provisioned(cluster, node, show.names, progress=self.narrator.say)
            for name in show.names:
                steps.wait_for_runtime_class(cluster, name)

    def _run_pods(self, cluster: DemoCluster, show: Showcase) -> None:
        with self.narrator.step("Running a wasm pod for each runtime"):
            for name, node in pairs(show.names, cluster.workers):
                printed = steps.run_wasm_pod(cluster, name, node)
                if GREETING not in printed:
                    raise DemoError(f"the pod of {name} on {node} printed {printed!r}")
                self.narrator.output(f"runtimeClassName: {name}, node {node}:", printed.strip())


def pairs(names: Sequence[str], workers: Sequence[str]) -> list[tuple[str, str]]:
    """Give each runtime a node in turn, so that few pods show much."""
    count = max(len(names), len(workers))
    return [(names[i % len(names)], workers[i % len(workers)]) for i in range(count)]
