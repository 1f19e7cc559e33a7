from pathlib import Path

import pytest

from localcluster import ClusterSpec, lifecycle, paths, pytest_plugin
from localcluster.cluster import Cluster
from localcluster.errors import NotReadyError

Calls = list[tuple[str, str]]


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Calls:
    made: Calls = []

    def up(spec: ClusterSpec) -> str:
        made.append(("up", spec.name))
        return spec.name

    monkeypatch.setattr(paths, "lock_root", lambda: tmp_path)
    monkeypatch.setattr(Cluster, "up", up)
    monkeypatch.setattr(lifecycle, "down", lambda name: made.append(("down", name)))
    monkeypatch.delenv("WASMWRIGHT_KEEP_CLUSTER", raising=False)
    return made


def test_session_cluster__session_over__is_down(calls: Calls) -> None:
    list(pytest_plugin.session_cluster("test", ()))
    assert calls == [("down", "test"), ("up", "test"), ("down", "test")]


def test_session_cluster__another_session__has_another_name(calls: Calls) -> None:
    first = pytest_plugin.session_cluster("test", ())
    second = pytest_plugin.session_cluster("test", ())
    assert [str(next(first)), str(next(second))] == ["test", "test-2"]
    first.close()
    assert calls[-1] == ("down", "test")
    second.close()
    assert calls[-1] == ("down", "test-2")


def test_session_cluster__to_be_kept__is_found_and_stays(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WASMWRIGHT_KEEP_CLUSTER", "1")
    list(pytest_plugin.session_cluster("test", ()))
    assert calls == [("up", "test")]


def test_session_cluster__never_came_up__is_down(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    def up(_spec: ClusterSpec) -> None:
        raise NotReadyError("no disk")

    monkeypatch.setattr(Cluster, "up", up)
    with pytest.raises(NotReadyError, match="no disk"):
        list(pytest_plugin.session_cluster("test", ()))
    assert calls == [("down", "test"), ("down", "test")]
