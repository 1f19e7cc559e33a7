import pytest
from click.testing import CliRunner

from demo import preflight
from demo.__main__ import main
from demo.clusters import KindDemoCluster, LocalDemoCluster
from demo.errors import DemoError
from demo.preflight import Machine
from demo.up import Demo
from unit.demo.fakes import FakeCluster


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "look", lambda: Machine(has_kind=False, docker_answers=False))


def test_up__ends_with_how_to_look_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Demo, "run", lambda _: FakeCluster())

    result = CliRunner().invoke(main, ["up"])

    assert result.exit_code == 0
    assert "  export KUBECONFIG=/kubeconfig\n" in result.stdout
    assert "  kubectl get wn,wrt,runtimeclass\n" in result.stdout


def test_up__a_step_fails__shows_what_was_seen_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(demo: Demo) -> FakeCluster:
        demo.cluster = FakeCluster({"events/--all-namespaces": "OOMKilled"})
        raise DemoError("after 60 s node n1 has no crun")

    monkeypatch.setattr(Demo, "run", run)

    result = CliRunner().invoke(main, ["up"])

    assert result.exit_code == 1
    assert "OOMKilled" in result.stdout
    assert "after 60 s node n1 has no crun" in result.stdout
    assert "make demo-down" in result.stdout


def test_up__no_way_open__says_so_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = Machine(has_kind=False, docker_answers=False, local_problems=("be root",))
    monkeypatch.setattr(preflight, "look", lambda: closed)
    monkeypatch.setattr(Demo, "run", lambda _: pytest.fail("it went on"))

    result = CliRunner().invoke(main, ["up"])

    assert result.exit_code == 1
    assert "local cluster: be root" in result.stderr


@pytest.mark.parametrize(
    ("local", "said"), [(True, "removed"), (False, "there was nothing to remove")]
)
def test_down__looks_for_both_kinds_of_clusters(
    *, local: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KindDemoCluster, "down", lambda _: False)
    monkeypatch.setattr(LocalDemoCluster, "down", lambda _: local)

    result = CliRunner().invoke(main, ["down"])

    assert result.exit_code == 0
    assert result.stdout.strip() == said
