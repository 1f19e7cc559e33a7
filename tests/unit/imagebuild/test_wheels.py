import sys
from pathlib import Path

import pytest

from imagebuild import wheels
from imagebuild.recipe import Part
from localcluster.errors import CommandError
from localcluster.progress import silent
from support.fake_programs import FakePrograms

_VENV = """
import pathlib
venv = pathlib.Path(sys.argv[-1], "bin")
venv.mkdir(parents=True)
(venv / "pip").symlink_to(pathlib.Path(sys.argv[0]).with_name("pip"))
"""
_PIP = """
import pathlib
target = pathlib.Path(sys.argv[sys.argv.index("--dest") + 1])
target.mkdir()
(target / "x.whl").write_text("x")
"""


@pytest.fixture
def pip(programs: FakePrograms, cache: Path, monkeypatch: pytest.MonkeyPatch) -> FakePrograms:
    assert not cache.exists()
    programs.add("python", _VENV)
    programs.add("pip", _PIP)
    monkeypatch.setattr(sys, "executable", "python")
    return programs


def test_ensure_dependencies__downloads_once__by_hash__for_the_python_of_the_images(
    pip: FakePrograms,
) -> None:
    first = wheels.ensure_dependencies(Part.INSTALLER, silent)
    second = wheels.ensure_dependencies(Part.INSTALLER, silent)

    assert first == second
    assert [path.name for path in first.iterdir()] == ["x.whl"]
    (argv,) = pip.argvs("pip")
    assert {"--require-hashes", "--no-deps"} <= set(argv)
    assert argv[argv.index("--python-version") + 1] == "3.13"
    assert argv[-1] == str(Part.INSTALLER.requirements)


def test_ensure_dependencies__download_fails__leaves_nothing(
    pip: FakePrograms, cache: Path
) -> None:
    pip.add("pip", "sys.exit('hashes do not match')")

    with pytest.raises(CommandError, match="hashes do not match"):
        wheels.ensure_dependencies(Part.OPERATOR, silent)

    assert list((cache / "wheels").iterdir()) == []


def test_lay_out_context__links_the_wheels_and_adds_ours(tmp_path: Path) -> None:
    for name in ("dependencies/a.whl", "own/b.whl"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(name)

    context = tmp_path / "context"
    wheels.lay_out_context(Part.OPERATOR, tmp_path / "own", tmp_path / "dependencies", context)

    found = sorted(str(p.relative_to(context)) for p in context.rglob("*") if p.is_file())
    assert found == ["dist/b.whl", "requirements.txt", "smoke-test.wasm", "wheels/a.whl"]
    assert (context / "wheels/a.whl").stat().st_nlink == 2
    assert (context / "requirements.txt").read_text() == Part.OPERATOR.requirements.read_text()
