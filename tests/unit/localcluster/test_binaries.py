from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from localcluster import binaries
from localcluster.components import Component
from localcluster.errors import CommandError

FakeGo = Callable[[str], Path]


@pytest.fixture
def thing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Component:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = Component("thing", commands=(), folder=tmp_path / "modules")
    found.directory.mkdir(parents=True)
    (found.directory / "go.mod").write_text("module example.org/thing\n")
    return found


@pytest.fixture
def fake_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGo:
    """Put a `go` first on the path that counts its builds and then does what it is told."""

    def install(script: str) -> Path:
        count = tmp_path / "builds"
        program = tmp_path / "path" / "go"
        program.parent.mkdir()
        program.write_text(
            "#!/bin/sh\n"
            "case $1 in env) echo go1.26.0; exit ;; esac\n"
            f'echo build >> {count}\nwhile [ "$1" != -o ]; do shift; done\n{script}\n'
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(program.parent), prepend=":")
        binaries._go_version.cache_clear()
        return count

    return install


@pytest.fixture(autouse=True)
def real_go_version_afterwards() -> object:
    yield
    binaries._go_version.cache_clear()


def test_ensure__twice__compiles_once(thing: Component, fake_go: FakeGo) -> None:
    builds = fake_go('echo compiled > "$2/thing"')
    sentences: list[str] = []
    first = binaries.ensure_component(thing, sentences.append)
    second = binaries.ensure_component(thing, sentences.append)
    assert first == second
    assert (first / "thing").read_text() == "compiled\n"
    assert sentences == ["compiling thing"]
    assert builds.read_text() == "build\n"


def test_ensure__at_the_same_time__compiles_once(thing: Component, fake_go: FakeGo) -> None:
    builds = fake_go('sleep 0.2; echo compiled > "$2/thing"')
    with ThreadPoolExecutor(3) as pool:
        found = set(pool.map(binaries.ensure_component, [thing] * 3))
    assert len(found) == 1
    assert builds.read_text() == "build\n"


def test_ensure__done__leaves_nothing_but_the_component(thing: Component, fake_go: FakeGo) -> None:
    fake_go('echo compiled > "$2/thing"')
    target = binaries.ensure_component(thing)
    assert list(target.parent.iterdir()) == [target]


def test_ensure__compiler_fails__quotes_it_and_leaves_no_component(
    thing: Component, fake_go: FakeGo
) -> None:
    fake_go('echo "main.go:1: no such thing" >&2; exit 1')
    with pytest.raises(CommandError, match=r"main\.go:1: no such thing"):
        binaries.ensure_component(thing)
    assert binaries.missing([thing]) == (thing,)


def test_ensure__after_a_failure__removes_what_it_left_and_compiles(
    thing: Component, fake_go: FakeGo, tmp_path: Path
) -> None:
    fake_go(f'[ -e {tmp_path}/mended ] || exit 1; echo compiled > "$2/thing"')
    with pytest.raises(CommandError):
        binaries.ensure_component(thing)
    (tmp_path / "mended").touch()
    target = binaries.ensure_component(thing)
    assert list(target.parent.iterdir()) == [target]
