from pathlib import Path

import pytest

from localcluster import apt, commands, rootfs
from localcluster.errors import CommandError


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Stand in for debootstrap and apt: remember what was called, and lay out a root."""
    called: list[tuple[str, ...]] = []

    def run_logged(argv: tuple[str, ...], *, log: Path) -> None:
        called.append(argv)
        if "debootstrap" in argv:
            root = Path(argv[argv.index("trixie") + 1])
            (root / "var/lib/apt/lists/partial").mkdir(parents=True)
            (root / "var/lib/apt/lists/index").touch()
        elif "broken" in argv:
            raise CommandError(argv, 100, f"no package broken, see {log}")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(commands, "run_logged", run_logged)
    monkeypatch.setattr(apt, "debian_mirror", lambda: "http://mirror.example/debian/")
    monkeypatch.setattr(apt, "carried_options", lambda: 'Acquire::Retries "3";\n')
    return called


def test_ensure__twice__installs_once(programs: list[tuple[str, ...]]) -> None:
    first = rootfs.ensure("some", ("a", "b"))
    assert rootfs.ensure("some", ("b", "a")) == first
    assert len(programs) == 2
    assert programs[0][-1] == "http://mirror.example/debian/"
    assert programs[1][-2:] == ("a", "b")


def test_ensure__no_mirror_known__leaves_the_choice_to_debootstrap(
    programs: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apt, "debian_mirror", lambda: None)
    rootfs.ensure("some", ("a",))
    assert programs[0][-2] == "trixie"


def test_ensure__done__leaves_no_lists_and_no_options_of_this_machine(
    programs: list[tuple[str, ...]],
) -> None:
    root = rootfs.ensure(rootfs.PYTHON_BASE)
    assert programs
    assert list((root / "var/lib/apt/lists").iterdir()) == []
    assert not (root / "apt.conf").exists()
    assert list(root.parent.iterdir()) == [root]


def test_ensure__package_that_cannot_be_had__leaves_no_root(
    programs: list[tuple[str, ...]],
) -> None:
    with pytest.raises(CommandError, match="no package broken"):
        rootfs.ensure("some", ("broken",))
    assert programs
    assert not rootfs.directory("some", ("broken",)).exists()


def test_directory__other_packages__is_another() -> None:
    assert rootfs.directory("some", ("a",)) != rootfs.directory("some", ("b",))
