from pathlib import Path

import pytest
from click.testing import CliRunner

from localcluster import cgroups, cli, lifecycle, network, paths, prepare, state
from localcluster.components import COMPONENTS
from localcluster.spec import ClusterSpec


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("WASMWRIGHT_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(paths, "lock_root", lambda: tmp_path / "locks")
    monkeypatch.setattr(network, "host_routes", lambda: ())
    monkeypatch.setattr(cgroups, "host", lambda: cgroups.Host(is_unified=True, hierarchies=()))
    return CliRunner()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["up", "--name", "No"], "cannot name a cluster"),
        (["up", "--node", "docker"], "there is no node flavour 'docker'"),
        (["up", "--control-plane-only", "--node", "containerd-1.7"], "contradicts --node"),
        (["down", "--all", "--name", "a"], "contradicts --name"),
        (["exec", "a-node1", "ls"], "there is no node 'a-node1'"),
        (["kubeconfig", "--name", "a"], "there is no local cluster 'a'"),
        (["logs", "etcd", "--name", "a"], "there is no local cluster 'a'"),
        (["logs", "a-node1"], "there is no node 'a-node1'"),
        (["build", "docker"], "there is no component 'docker'"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else None,
)
def test_command__mistake__is_one_sentence_and_an_exit_code(
    runner: CliRunner, arguments: list[str], message: str
) -> None:
    result = runner.invoke(cli.main, arguments)
    assert result.exit_code in (1, 2)
    assert message in result.output
    assert "Traceback" not in result.output


def test_exec__stopped_node__says_how_to_start_it(runner: CliRunner) -> None:
    state.create(ClusterSpec(name="a", nodes=("containerd-1.7",)))
    result = runner.invoke(cli.main, ["exec", "a-node1", "ls"])
    assert "node a-node1 does not run: `python -m localcluster up --name a`" in result.output


def test_down__no_such_cluster__says_so_and_is_well(runner: CliRunner) -> None:
    result = runner.invoke(cli.main, ["down", "--name", "a"])
    assert (result.exit_code, result.output) == (0, "there was no cluster a\n")


def test_down__all__takes_every_cluster_down(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "remove", lambda _addresses: None)
    state.create(ClusterSpec(name="a", nodes=()))
    state.create(ClusterSpec(name="b", nodes=()))
    result = runner.invoke(cli.main, ["down", "--all"])
    assert result.output == "cluster a is down\ncluster b is down\n"
    assert state.every() == ()


def test_status__cluster_that_died__shows_what_is_stopped(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "ready_nodes", lambda _record: frozenset())
    state.create(ClusterSpec(name="a", nodes=("containerd-1.7",)))
    result = runner.invoke(cli.main, ["status"])
    lines = [line.split() for line in result.output.splitlines()]
    assert ["a", "etcd", "control", "plane", "stopped"] in lines
    assert ["a", "a-node1", "containerd-1.7", "stopped", "10.89.0.11"] in lines


@pytest.mark.parametrize(
    ("arguments", "components", "roots"),
    [
        ([], [component.name for component in COMPONENTS], ["node", "python-base"]),
        (["helm"], ["helm"], []),
        (["python-base", "etcd"], ["etcd"], ["python-base"]),
    ],
    ids=["all", "helm", "mixed"],
)
def test_build__names__are_what_is_put_into_the_cache(
    runner: CliRunner,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    components: list[str],
    roots: list[str],
) -> None:
    asked: list[tuple[list[str], list[str]]] = []
    monkeypatch.setattr(lifecycle, "check_machine", lambda _progress: None)
    monkeypatch.setattr(
        prepare,
        "fill_cache",
        lambda wanted, roots, _progress: asked.append(([one.name for one in wanted], [*roots])),
    )
    result = runner.invoke(cli.main, ["build", *arguments])
    assert result.exit_code == 0, result.output
    assert asked == [(components, roots)]
