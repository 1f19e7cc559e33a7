"""Commands on the host: the second port, beside files, through which a host is changed."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from typing_extensions import override

CANNOT_START = 126
NOT_FOUND = 127
"""Exit codes by which a program could not be started at all, as shells and chroot have them."""

TIMED_OUT = 124

_STEP = 0.02
"""Seconds between two looks at a running command."""


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command ended."""

    code: int
    stdout: str = ""
    stderr: str = ""

    @property
    def output(self) -> str:
        """Both streams."""
        return f"{self.stdout}{self.stderr}"


class Running(Protocol):
    """A command that has been started."""

    def poll(self) -> Completed | None:
        """Return how it ended, or None while it runs."""
        ...

    def kill(self) -> None:
        """End it."""
        ...


class Commands(Protocol):
    """What can start programs on the host."""

    def start(self, *arguments: str) -> Running:
        """Start a program in the host's file system, without waiting for it."""
        ...


def run(commands: Commands, *arguments: str, timeout: float) -> Completed:
    """Run a program on the host to its end; after `timeout` seconds it is killed (code 124)."""
    running = commands.start(*arguments)
    deadline = time.monotonic() + timeout
    step = 0.001
    while (completed := running.poll()) is None:
        if time.monotonic() > deadline:
            running.kill()
            return Completed(TIMED_OUT, stderr=f"no end after {timeout:g} s")
        time.sleep(step)
        step = min(step * 2, _STEP)
    return completed


class HostCommands(Commands):
    """Programs of the host, started with its `/` as their root."""

    def __init__(self, root: Path) -> None:
        self._prefix = () if root == Path("/") else ("chroot", str(root))

    @override
    def start(self, *arguments: str) -> Running:
        stdout, stderr = _memory("stdout"), _memory("stderr")
        try:
            process = subprocess.Popen(
                [*self._prefix, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env=_ENVIRONMENT,
            )
        except OSError as error:
            stdout.close()
            stderr.close()
            return _NotStarted(arguments[0], error)
        return _Process(process, stdout, stderr)


_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C",
}


class _NotStarted(Running):
    """What chroot says of such a program, for when there is no chroot."""

    def __init__(self, program: str, error: OSError) -> None:
        code = NOT_FOUND if isinstance(error, FileNotFoundError) else CANNOT_START
        self._completed = Completed(code, stderr=f"{program}: {error.strerror}\n")

    @override
    def poll(self) -> Completed | None:
        return self._completed

    @override
    def kill(self) -> None:
        """It never ran."""


def _memory(name: str) -> IO[bytes]:
    """Return a file in memory: a full or read-only disk is what we may be here to find out."""
    return os.fdopen(os.memfd_create(name), "w+b")


class _Process(Running):
    """A child whose output goes to unnamed files, so that no full pipe can hold it up."""

    def __init__(
        self, process: subprocess.Popen[bytes], stdout: IO[bytes], stderr: IO[bytes]
    ) -> None:
        self._process = process
        self._streams = (stdout, stderr)

    @override
    def poll(self) -> Completed | None:
        code = self._process.poll()
        if code is None:
            return None
        texts = []
        for stream in self._streams:
            stream.seek(0)
            texts.append(stream.read().decode(errors="replace"))
            stream.close()
        return Completed(code, *texts)

    @override
    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in self._streams:
            stream.close()
