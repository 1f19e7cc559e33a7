"""Say which way the demo can go on this machine, before anything is changed.

It runs before our dependencies are installed, and so it needs the standard library only.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from localcluster import preflight

_OLDEST_GO = (1, 26)
_NEWEST_HELM_TOO_OLD = 3


class Way(StrEnum):
    """Where the demo's cluster comes from."""

    KIND = "kind"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Machine:
    """What the demo must know of this machine."""

    has_kind: bool
    docker_answers: bool
    helm: str = ""
    """What `helm version --short` says; empty = there is none."""
    go: str = ""
    """What `go env GOVERSION` says; empty = there is none."""
    local_problems: tuple[str, ...] = ()
    """What keeps a local cluster from running here."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which way is open; none = `problems` tell what to do."""

    way: Way | None
    problems: tuple[str, ...] = ()


def judge(machine: Machine) -> Verdict:
    """Choose kind where it works and the local cluster where it does not."""
    kind_problems = _kind_problems(machine)
    if not kind_problems:
        return Verdict(Way.KIND)
    if not machine.local_problems:
        return Verdict(Way.LOCAL)
    problems = [f"kind: {problem}" for problem in kind_problems]
    problems += [f"local cluster: {problem}" for problem in machine.local_problems]
    return Verdict(None, tuple(problems))


def _kind_problems(machine: Machine) -> list[str]:
    problems = []
    if not machine.docker_answers:
        problems.append("no Docker daemon answers; start one and see that `docker info` works")
    if not machine.has_kind:
        problems.append("kind is not on the PATH; install it")
    if not problems and not (is_helm_usable(machine.helm) or _is_go_usable(machine.go)):
        problems.append("neither Helm 4 nor Go 1.26 to compile it with; install one of them")
    return problems


def is_helm_usable(version: str) -> bool:
    """Tell from `helm version --short` whether it is Helm 4 or newer."""
    found = re.match(r"v(\d+)\.", version)
    return found is not None and int(found[1]) > _NEWEST_HELM_TOO_OLD


def _is_go_usable(version: str) -> bool:
    found = re.match(r"go(\d+)\.(\d+)", version)
    return found is not None and (int(found[1]), int(found[2])) >= _OLDEST_GO


def look() -> Machine:
    """Look at this machine, changing nothing."""
    return Machine(
        has_kind=shutil.which("kind") is not None,
        docker_answers=_says("docker", "info", "--format", "{{.ServerVersion}}") != "",
        helm=_says("helm", "version", "--short"),
        go=_says("go", "env", "GOVERSION"),
        local_problems=tuple(preflight.problems()),
    )


def _says(*argv: str) -> str:
    """Return what a program prints, empty if it is not there or fails."""
    if shutil.which(argv[0]) is None:
        return ""
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30)
    return done.stdout.strip() if done.returncode == 0 else ""


def explain(problems: Sequence[str]) -> str:
    """Return the problems as a text for the person at the keyboard."""
    lines = "\n".join(f"  - {problem}" for problem in problems)
    return f"The demo cannot run here, and nothing has been changed. One of two ways:\n{lines}"


def main() -> int:
    """Return 0 if the demo can run here; say what to do and return 1 if not."""
    verdict = judge(look())
    if verdict.way is None:
        print(explain(verdict.problems), file=sys.stderr)  # noqa: T201 - a program
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
