from pathlib import Path

import pytest
from click.testing import CliRunner

from imagebuild import build, docker
from imagebuild.build import Images
from imagebuild.cli import command
from imagebuild.recipe import ImageNames
from localcluster.errors import LocalClusterError
from localcluster.progress import Progress
from support.fake_programs import FakePrograms


def test_command__prints_where_the_images_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def ensure(progress: Progress) -> Images:
        progress("building")
        return Images(ImageNames("t"), Path("/cache/x.tar"))

    monkeypatch.setattr(build, "ensure", ensure)

    result = CliRunner().invoke(command, [])

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "localhost/wasmwright/operator:t",
        "localhost/wasmwright/installer:t",
        "/cache/x.tar",
    ]
    assert result.stderr == "building\n"


def test_command__build_fails__is_one_sentence_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: Progress) -> Images:
        raise LocalClusterError("no space left")

    monkeypatch.setattr(build, "ensure", fail)

    result = CliRunner().invoke(command, [])

    assert (result.exit_code, result.stderr) == (1, "Error: no space left\n")


@pytest.mark.parametrize("body", ["sys.exit('no daemon')", None], ids=["no daemon", "no docker"])
def test_command__for_kind_without_docker__says_what_to_do(
    body: str | None, programs: FakePrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    if body is None:
        monkeypatch.setenv("PATH", "/nowhere")
    else:
        programs.add("docker", body)

    result = CliRunner().invoke(command, ["--kind"])

    assert result.exit_code == 1
    assert "start one, or leave --kind out" in result.stderr


def test_docker__with_a_daemon__answers(programs: FakePrograms) -> None:
    programs.add("docker", "print('28.0')")

    assert docker.answers()
