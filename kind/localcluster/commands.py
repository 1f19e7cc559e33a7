"""Run programs of this machine and turn their failures into errors that say what they said."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from localcluster.errors import CommandError


def run(
    *argv: str,
    input: str | None = None,  # noqa: A002 - the word subprocess uses for it
    check: bool = True,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    holds_locks: bool = False,
) -> str:
    """Run a program and return its standard output.

    `env` adds to the environment. With `check`, an exit code other than 0 raises CommandError with
    the program's standard error in the message; without it the output counts whatever the code.
    With `holds_locks` our exclusive locks stay held until it has ended, even if we are killed.
    """
    done = subprocess.run(
        argv,
        input=input,
        stdin=subprocess.DEVNULL if input is None else None,
        capture_output=True,
        check=False,
        text=True,
        errors="replace",
        env=None if env is None else os.environ | env,
        cwd=cwd,
        close_fds=not holds_locks,
    )
    if check and done.returncode != 0:
        raise CommandError(argv, done.returncode, done.stderr or done.stdout[-2000:])
    return done.stdout


def run_fed(*argv: str, file: Path) -> None:
    """Run a program with `file` as its standard input; CommandError holds what it said."""
    with file.open("rb") as content:
        done = subprocess.run(argv, stdin=content, capture_output=True, check=False)
    if done.returncode != 0:
        raise CommandError(argv, done.returncode, done.stderr.decode(errors="replace"))


def run_logged(
    argv: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    """Run a long program with its output in a file, and quote the end of the file if it fails.

    The program dies with us (`setpriv --pdeathsig`): a killed caller leaves no build behind.
    """
    command = ["setpriv", "--pdeathsig", "KILL", "--", *argv]
    with log.open("wb") as output:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            env=None if env is None else os.environ | env,
            cwd=cwd,
        )
    if done.returncode != 0:
        raise CommandError(argv, done.returncode, tail(log))


def tail(log: Path, lines: int = 20) -> str:
    """Return the last lines of a log file, or a word that there is none."""
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        return f"{log} does not exist"
    return "\n".join(text.splitlines()[-lines:]) or f"{log} is empty"
