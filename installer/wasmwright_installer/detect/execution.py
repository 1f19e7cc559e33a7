"""Why a binary does not run on a host: seen before it is executed, or told by how that ended."""

import re
from dataclasses import dataclass

from wasmwright_installer.detect.mounts import Mount
from wasmwright_installer.detect.programs import Program

_CANNOT_START, _NOT_FOUND, _TIMED_OUT = 126, 127, 124
_ILLEGAL_INSTRUCTION = 4

_LIBRARY = re.compile(
    r"error while loading shared libraries: (?P<glibc>[^:\s]+)"
    r"|Error loading shared library (?P<musl>[^:\s]+)"
    r"|version `(?P<version>[A-Z]+_[0-9.]+)' not found"
)
"""What the loaders of glibc and musl print before the program itself has a say."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a binary cannot run: one word for conditions, and the rest of a sentence about it."""

    reason: str
    sentence: str


@dataclass(frozen=True, slots=True)
class BinaryFacts:
    """What is known of a binary on a host before it is executed."""

    program: Program | None
    mount: Mount | None
    machine: str
    """Of the host, as `uname -m` says it."""
    has_interpreter: bool
    """Whether the host has the loader, or the interpreter of a script."""
    is_executable: bool
    """Whether its mode has an x."""


def obstacle_before(facts: BinaryFacts) -> Obstacle | None:
    """Return what certainly keeps a binary from running."""
    program, mount = facts.program, facts.mount
    if program is None:
        return Obstacle(
            "NotExecutable", "is neither an ELF program nor a script; correct the artifact"
        )
    if not program.fits(facts.machine):
        return Obstacle(
            "WrongArchitecture",
            f"is built for {program.machine_name()}, this host is {facts.machine}; "
            "correct the source for this architecture",
        )
    if mount is not None and "noexec" in mount.options:
        return Obstacle(
            "NoExecMount",
            f"lies on {mount.point} ({mount.kind}), which is mounted noexec; "
            f"'mount -o remount,exec {mount.point}', and take noexec out of /etc/fstab",
        )
    if program.interpreter and not facts.has_interpreter:
        return _without_interpreter(program)
    if not facts.is_executable:
        return Obstacle("NotExecutable", "has no x in its mode; 'chmod +x' it")
    return None


def _without_interpreter(program: Program) -> Obstacle:
    if program.machine is None:
        return Obstacle(
            "MissingInterpreter",
            f"is a script for {program.interpreter}, which this host does not have; install it",
        )
    return Obstacle(
        "MissingLoader",
        f"needs the loader {program.interpreter}, which this host does not have: it is built for "
        "another C library; take a static build, or one for this distribution",
    )


def obstacle_after(code: int, output: str) -> Obstacle | None:
    """Return why a binary did not run, by how it ended; None = it ran, whatever it answered.

    Args:
        code: of its end; negative = the signal that ended it.
        output: both its streams, or what the attempt to start it printed.
    """
    library = _LIBRARY.search(output) if code else None
    if library is not None:
        return _without_library(library)
    told = output.strip()[-200:] or f"code {code}"
    if code == _TIMED_OUT:
        return Obstacle("ProbeTimedOut", f"does not answer ({told}); try it by hand on this host")
    if code < 0:
        why = "it is built for a newer CPU" if -code == _ILLEGAL_INSTRUCTION else "it crashed"
        return Obstacle(
            "ProbeCrashed", f"was ended by signal {-code}: {why}; take another build of it"
        )
    if code in {_CANNOT_START, _NOT_FOUND}:
        return _not_started(told)
    return None


def _without_library(found: re.Match[str]) -> Obstacle:
    version = found["version"]
    missing = f"a C library with {version}" if version else found["glibc"] or found["musl"]
    return Obstacle(
        "MissingLibrary",
        f"needs {missing}, which this host does not have; take a static build, or one for this "
        "distribution",
    )


def _not_started(told: str) -> Obstacle:
    if "Permission denied" in told or "Operation not permitted" in told:
        return Obstacle(
            "ExecutionDenied",
            f"may not be executed ({told}); look for a denial of SELinux ('ausearch -m avc'), "
            "AppArmor or fapolicyd, and permit it",
        )
    return Obstacle(
        "NotExecutable",
        f"cannot be executed ({told}); is it built for this architecture and C library?",
    )
