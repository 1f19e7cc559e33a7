"""The proof that the host can execute a binary, before any configuration names it."""

import mmap
import os

from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.links import stored_path
from wasmwright_installer.contract import HostBinary, RuntimeEntry, RuntimeType
from wasmwright_installer.detect.execution import (
    BinaryFacts,
    Obstacle,
    obstacle_after,
    obstacle_before,
)
from wasmwright_installer.detect.mounts import mount_of, parse_mounts
from wasmwright_installer.detect.programs import Program, parse_program
from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.host.commands import run

_TIMEOUT = 30.0
"""Seconds for one answer: a binary of 60 MB comes from a cold disk the first time."""


def try_out(host: Host, entry: RuntimeEntry) -> list[str]:
    """Look at a binary, and execute it on the host once; return warnings.

    A shim answers `-v`, an OCI runtime `--version`. With what it answers only a probe of the
    document's own is binding: a shim that is a script hands `-v` to another one, whose answer says
    nothing about it.

    Raises:
        ArtifactError: the host cannot execute it.
    """
    path = stored_path(host.home, entry)
    source = entry.source.host_path
    if source is not None:
        _require_presence(host, entry, source)
    _refuse(entry, path, obstacle_before(_look(host, path)))
    if source is not None and source.probe is not None:
        return _answer_of_host_binary(host, entry, source)
    question = "--version" if entry.handler.type is RuntimeType.OCI_RUNTIME else "-v"
    done = run(host.commands, path, question, timeout=_TIMEOUT)
    _refuse(entry, path, obstacle_after(done.code, done.output))
    if done.code != 0:
        return [f"{path} {question} ended with code {done.code}: {done.output.strip()[-100:]}"]
    return []


def _refuse(entry: RuntimeEntry, path: str, obstacle: Obstacle | None) -> None:
    if obstacle is not None:
        raise ArtifactError(
            f"{path} of runtime {entry.name!r} {obstacle.sentence}", reason=obstacle.reason
        )


def _look(host: Host, path: str) -> BinaryFacts:
    program = _program(host, path)
    mounts = parse_mounts(host.files.read_text("/proc/1/mountinfo"))
    return BinaryFacts(
        program=program,
        mount=mount_of(host.files.real(path), mounts),
        machine=os.uname().machine,
        has_interpreter=bool(program and host.files.exists(program.interpreter)),
        is_executable=os.access(host.files.place(path), os.X_OK),
    )


def _program(host: Host, path: str) -> Program | None:
    with host.files.place(path).open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return parse_program(content)


def _require_presence(host: Host, entry: RuntimeEntry, source: HostBinary) -> None:
    if not host.files.local(source.path).is_file():
        raise ArtifactError(
            f"runtime {entry.name!r} needs {source.path} on the host, where it is not; "
            "install the package that brings it",
            reason="HostBinaryMissing",
        )


def _answer_of_host_binary(host: Host, entry: RuntimeEntry, source: HostBinary) -> list[str]:
    assert source.probe is not None  # noqa: S101  # the caller asked
    done = run(host.commands, source.path, *source.probe.args, timeout=_TIMEOUT)
    if done.code == 0 and source.probe.contains in done.output:
        return []
    _refuse(entry, source.path, obstacle_after(done.code, done.output))
    raise ArtifactError(
        f"'{source.path} {' '.join(source.probe.args)}' on the host ended with code {done.code} "
        f"and printed {done.output.strip()[:120]!r}, expected {source.probe.contains!r}; "
        "another build of it is needed",
        reason="ProbeFailed",
    )
