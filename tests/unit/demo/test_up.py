import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from demo import chart, evidence, up
from demo.errors import DemoError
from demo.narration import Narrator
from demo.preflight import Way
from demo.up import Demo, Ground, pairs
from imagebuild.build import Images
from imagebuild.recipe import ImageNames
from localcluster.errors import CommandError
from unit.demo.fakes import FakeCluster, ready_node, refusal

ARCHIVE = Path("/cache/images.tar")


@pytest.fixture
def cluster() -> FakeCluster:
    nodes = {f"node/{name}": ready_node("wasmtest", "crun") for name in ("n1", "n2")}
    pods = {
        f"pod/hello-{name}": {"status": {"phase": "Succeeded"}}
        for name in ("wasmtest-n1", "crun-n2")
    }
    classes = {f"runtimeclass/{name}": {"handler": name} for name in ("wasmtest", "crun")}
    return FakeCluster({**nodes, **pods, **classes, "service/shims": "10.96.0.9"})


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def demo(
    cluster: FakeCluster, out: io.StringIO, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> Demo:
    assert not cache.exists()
    monkeypatch.setattr(chart, "helm_program", lambda _: Path("/helm"))
    ground = Ground(
        title="Raising",
        install_tools=lambda progress: progress("installing tools"),
        build_images=lambda _: Images(ImageNames("t"), ARCHIVE),
        raise_cluster=lambda _: cluster,
    )
    monkeypatch.setattr(up, "GROUNDS", {Way.LOCAL: ground})
    return Demo(Way.LOCAL, Narrator(Console(file=out, soft_wrap=True)))


def test_run__goes_from_cluster_to_output(
    demo: Demo, cluster: FakeCluster, out: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = []
    monkeypatch.setattr(chart, "install_chart", lambda _, values: installed.append(values))

    assert demo.run() is cluster

    assert out.getvalue().index("installing tools") < out.getvalue().index("done in")
    assert out.getvalue().count("hello from wasm") == 2
    assert cluster.loaded[0] == ARCHIVE
    (values,) = installed
    assert values["operator"]["image"]["tag"] == "t"
    assert values["catalogue"] == {"declare": "None"}, "the demo shows what it declares"
    url = values["runtimes"]["wasmtest"]["source"]["http"]["platforms"][0]["url"]
    assert url.startswith("http://10.96.0.9:8080/containerd-shim-wasmtest-v1")
    annotated = [call for call in cluster.calls if call[0] == "annotate"]
    assert [call[2] for call in annotated] == ["n1", "n2"]


def test_run__pod_prints_something_else__fails_and_keeps_the_cluster_for_evidence(
    demo: Demo, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chart, "install_chart", lambda *_: None)
    cluster.printed = "Exec format error"

    with pytest.raises(DemoError, match="pod of wasmtest on n1 printed 'Exec format error'"):
        demo.run()

    assert demo.cluster is cluster


def test_run__building_fails__fails_when_the_cluster_is_up(
    demo: Demo, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> Images:
        raise CommandError(("buildah",), 1, "no space left")

    ground = replace(up.GROUNDS[Way.LOCAL], build_images=fail)
    monkeypatch.setattr(up, "GROUNDS", {Way.LOCAL: ground})

    with pytest.raises(CommandError, match="no space left"):
        demo.run()

    assert demo.cluster is cluster


@pytest.mark.parametrize(
    ("names", "workers", "expected"),
    [
        (("a", "b"), ("1", "2"), [("a", "1"), ("b", "2")]),
        (("a",), ("1", "2"), [("a", "1"), ("a", "2")]),
        (("a", "b"), ("1",), [("a", "1"), ("b", "1")]),
    ],
)
def test_pairs__every_runtime_and_every_node_has_a_pod(
    names: tuple[str, ...], workers: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    assert pairs(names, workers) == expected


def test_gather__shows_what_can_be_had_and_the_last_events() -> None:
    events = "\n".join(f"event {number}" for number in range(50))
    cluster = FakeCluster(
        {
            "wasmnodes,wasmruntimes,nodes": "n1 Failed",
            "pods,jobs/--namespace": refusal("no such namespace"),
            "events/--all-namespaces": events,
        },
        printed="the operator's last words",
    )

    seen = evidence.gather(cluster)

    assert "n1 Failed" in seen
    assert "the operator's last words" in seen
    assert "event 49" in seen
    assert "event 10" not in seen
    assert "jobs" not in seen
