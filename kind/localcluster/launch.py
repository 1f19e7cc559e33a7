"""Start a program that outlives us, in control groups of its own, with its output in a file."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from localcluster import cgroups
from localcluster.commands import tail
from localcluster.errors import CommandError

_JOIN = """\
set -e
while [ "$1" != -- ]; do echo 0 > "$1/cgroup.procs"; shift; done
shift
exec "$@"
"""


def launch(
    machine: cgroups.Host,
    group: str,
    argv: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
) -> None:
    """Start `argv` in `group` and return when it has been started, not when it is ready.

    The group is joined before anything else happens, so a caller who dies in between
    leaves nothing that `cgroups.destroy` would not find.
    """
    groups = cgroups.create(machine, group)
    command = ["sh", "-c", _JOIN, "sh", *map(str, groups), "--", *argv]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            env=None if env is None else os.environ | env,
            cwd="/",
        )
    if done.returncode != 0:
        raise CommandError(argv, done.returncode, tail(log))
