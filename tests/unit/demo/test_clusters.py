import json
from pathlib import Path

import pytest

from demo import clusters
from demo.clusters import KindDemoCluster, LocalDemoCluster
from demo.errors import DemoError
from localcluster.progress import silent
from support.fake_programs import FakePrograms


@pytest.fixture
def kind(programs: FakePrograms, cache: Path) -> FakePrograms:
    assert not cache.exists()
    programs.add("kind", _KIND.format(clusters=""))
    return programs


_KIND = """
import pathlib
if sys.argv[1:3] == ["get", "clusters"]:
    print("{clusters}")
if "--kubeconfig" in sys.argv:
    pathlib.Path(sys.argv[sys.argv.index("--kubeconfig") + 1]).write_text("")
"""


def test_kind_up__makes_the_cluster_of_the_repository(kind: FakePrograms) -> None:
    cluster = KindDemoCluster.up(silent)

    create = kind.argvs("kind")[-1]
    assert create[:2] == ["create", "cluster"]
    assert create[create.index("--config") + 1] == str(clusters.KIND_CONFIG)
    assert create[create.index("--kubeconfig") + 1] == str(cluster.kubeconfig)
    assert clusters.KIND_CONFIG.is_file()


def test_kind_up__cluster_is_there__is_left_as_it_is(kind: FakePrograms) -> None:
    kind.add("kind", _KIND.format(clusters=f"other\n{clusters.KIND_NAME}").replace("\n{", "{"))
    kind.add("kind", _KIND.format(clusters=f"other {clusters.KIND_NAME}"))

    KindDemoCluster.up(silent)

    assert [argv[0] for argv in kind.argvs("kind")] == ["get", "export"]


def test_kind_down__removes_what_up_made__once(kind: FakePrograms) -> None:
    cluster = KindDemoCluster.up(silent)

    assert KindDemoCluster.down(silent)
    assert kind.argvs("kind")[-1][:4] == ["delete", "cluster", "--name", clusters.KIND_NAME]
    assert not cluster.kubeconfig.exists()
    assert not KindDemoCluster.down(silent)


@pytest.mark.parametrize(
    ("archive", "expected"),
    [
        (None, ["load", "docker-image", "a:1", "b:1"]),
        (Path("/x.tar"), ["load", "image-archive", "/x.tar"]),
    ],
    ids=["from docker", "from an archive"],
)
def test_kind_load__takes_images_from_where_they_are(
    archive: Path | None, expected: list[str], kind: FakePrograms
) -> None:
    KindDemoCluster(Path("/k")).load(archive, ["a:1", "b:1"], silent)

    assert kind.argvs("kind") == [[*expected, "--name", clusters.KIND_NAME]]


def test_kind_workers__are_the_nodes_that_are_no_control_plane(kind: FakePrograms) -> None:
    control_plane = {"node-role.kubernetes.io/control-plane": ""}
    nodes = [
        {"metadata": {"name": "cp", "labels": control_plane}},
        {"metadata": {"name": "w1", "labels": {}}},
    ]
    kind.add("docker", f"print({json.dumps(json.dumps({'items': nodes}))})")

    assert KindDemoCluster(Path("/k")).workers == ("w1",)


def test_kind_kubectl__hands_on_its_input(kind: FakePrograms) -> None:
    kind.add("docker")

    KindDemoCluster(Path("/k")).kubectl("apply", "-f", "-", input="kind: Pod")

    (call,) = kind.calls
    assert call.argv[:4] == ["docker", "exec", "--interactive", "wasmwright-demo-control-plane"]
    assert call.stdin == "kind: Pod"


def test_local_load__without_an_archive__says_what_is_missing() -> None:
    with pytest.raises(DemoError, match="no archive of a:1"):
        LocalDemoCluster(None).load(None, ["a:1"], silent)  # type: ignore[arg-type]


def test_local_down__asks_for_the_demos_cluster_whether_it_is_whole_or_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("localcluster.lifecycle.down", lambda name: asked.append(name) or True)

    assert LocalDemoCluster.down(silent)
    assert asked == ["demo"]
