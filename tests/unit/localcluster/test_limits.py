from pathlib import Path

import pytest

from localcluster import ClusterSpec, limits, network, paths, state


@pytest.fixture(autouse=True)
def limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WASMWRIGHT_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(paths, "lock_root", lambda: tmp_path / "locks")
    monkeypatch.setattr(network, "host_routes", lambda: ())
    found = tmp_path / "max_user_instances"
    found.write_text("128\n")
    monkeypatch.setattr(limits, "LIMIT", found)
    return found


def test_raise__default_of_the_kernel__is_raised(limit: Path) -> None:
    limits.raise_inotify()
    assert limit.read_text() == "4096\n"


def test_raise__high_enough__is_left_alone(limit: Path) -> None:
    limit.write_text("8192\n")
    limits.raise_inotify()
    limits.restore_inotify()
    assert limit.read_text() == "8192\n"


def test_restore__last_cluster_gone__is_what_was_found(limit: Path) -> None:
    limits.raise_inotify()
    limits.raise_inotify()
    limits.restore_inotify()
    assert limit.read_text() == "128\n"


def test_restore__another_cluster_left__stays_raised(limit: Path) -> None:
    limits.raise_inotify()
    state.create(ClusterSpec(name="other", nodes=()))
    limits.restore_inotify()
    assert limit.read_text() == "4096\n"
    state.forget("other")
    limits.restore_inotify()
    assert limit.read_text() == "128\n"


def test_restore__somebody_changed_it_since__is_left_to_them(limit: Path) -> None:
    limits.raise_inotify()
    limit.write_text("1024\n")
    limits.restore_inotify()
    assert limit.read_text() == "1024\n"


def test_restore__nothing_was_raised__changes_nothing(limit: Path) -> None:
    limits.restore_inotify()
    assert limit.read_text() == "128\n"
