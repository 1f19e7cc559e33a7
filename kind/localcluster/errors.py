"""What can go wrong, as sentences for the person at the keyboard.

LocalClusterError
    PreflightError      this machine cannot run a local cluster
    SpecError           what was asked for makes no sense, or contradicts the cluster that is there
    NoSuchClusterError  nothing of that name is up
    CommandError        a program that we ran failed
    NotReadyError       something did not become ready in time
"""

import shlex
from collections.abc import Sequence


class LocalClusterError(Exception):
    """Anything the local cluster tells its caller."""


class PreflightError(LocalClusterError):
    """This machine cannot run a local cluster; nothing has been changed."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("this machine cannot run a local cluster: " + "; ".join(problems))
        self.problems = tuple(problems)


class SpecError(LocalClusterError):
    """What was asked for makes no sense, or contradicts the cluster that is there."""


class NoSuchClusterError(LocalClusterError):
    """No cluster of that name is up."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is no local cluster {name!r}: raise it with"
            f" `python -m localcluster up --name {name}`"
        )


class CommandError(LocalClusterError):
    """A program that we ran failed; the message holds what it said."""

    def __init__(self, argv: Sequence[str], code: int, stderr: str) -> None:
        said = stderr.strip() or "it printed nothing on standard error"
        super().__init__(f"`{shlex.join(argv)}` ended with exit code {code}: {said}")
        self.code = code
        self.stderr = stderr


class NotReadyError(LocalClusterError):
    """Something did not become ready in time; the message holds the last that was heard of it."""
