from pathlib import Path

import pytest

from wasmwright_installer.host.commands import TIMED_OUT, HostCommands, run


def test_run__program__returns_code_and_both_streams() -> None:
    done = run(HostCommands(Path("/")), "sh", "-c", "echo out; echo err >&2; exit 3", timeout=10)
    assert (done.code, done.stdout, done.stderr, done.output) == (3, "out\n", "err\n", "out\nerr\n")


def test_run__more_output_than_a_pipe_holds__is_read_whole() -> None:
    done = run(HostCommands(Path("/")), "sh", "-c", "head -c 300000 /dev/zero", timeout=10)
    assert len(done.stdout) == 300000


def test_run__too_slow__is_killed() -> None:
    done = run(HostCommands(Path("/")), "sleep", "60", timeout=0.05)
    assert (done.code, done.stderr) == (TIMED_OUT, "no end after 0.05 s")


def test_start__another_root__runs_the_program_there(tmp_path: Path) -> None:
    done = run(HostCommands(tmp_path), "/bin/none", timeout=10)
    assert done.code == 127, "chroot says that there is no such program below that root"


def test_run__environment__is_the_hosts_and_not_ours() -> None:
    done = run(HostCommands(Path("/")), "env", timeout=10)
    assert {line.split("=")[0] for line in done.stdout.splitlines()} == {"PATH", "LC_ALL"}


@pytest.mark.parametrize(
    ("content", "mode", "code", "told"),
    [
        (None, 0, 127, "No such file"),
        (b"#!/bin/sh\n", 0o644, 126, "Permission denied"),
        (b"neither this nor that", 0o755, 126, "Exec format error"),
    ],
    ids=["absent", "no x", "no program"],
)
def test_start__program_cannot_be_started__ends_as_a_shell_would_have_it(
    tmp_path: Path, content: bytes | None, mode: int, code: int, told: str
) -> None:
    program = tmp_path / "program"
    if content is not None:
        program.write_bytes(content)
        program.chmod(mode)
    done = run(HostCommands(Path("/")), str(program), timeout=10)
    assert (done.code, done.stdout) == (code, "")
    assert told in done.stderr
