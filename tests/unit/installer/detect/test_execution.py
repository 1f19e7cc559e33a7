from dataclasses import replace

import pytest

from wasmwright_installer.detect.execution import BinaryFacts, obstacle_after, obstacle_before
from wasmwright_installer.detect.mounts import Mount
from wasmwright_installer.detect.programs import Program

MUSL = "/lib/ld-musl-x86_64.so.1"
FINE = BinaryFacts(
    program=Program(62, MUSL),
    mount=Mount("/opt", frozenset({"rw", "nosuid"}), "ext4"),
    machine="x86_64",
    has_interpreter=True,
    is_executable=True,
)
NOEXEC = Mount("/opt", frozenset({"rw", "noexec"}), "tmpfs")


@pytest.mark.parametrize(
    ("change", "reason", "words"),
    [
        ({"program": None}, "NotExecutable", "neither an ELF program nor a script"),
        ({"program": Program(183, "")}, "WrongArchitecture", "for aarch64, this host is x86_64"),
        ({"mount": NOEXEC}, "NoExecMount", "lies on /opt (tmpfs), which is mounted noexec"),
        ({"has_interpreter": False}, "MissingLoader", f"{MUSL}, which this host does not have"),
        ({"has_interpreter": False}, "MissingLoader", "built for another C library"),
        (
            {"program": Program(None, "/bin/bash"), "has_interpreter": False},
            "MissingInterpreter",
            "script for /bin/bash",
        ),
        ({"is_executable": False}, "NotExecutable", "chmod +x"),
    ],
)
def test_obstacle_before__something_is_in_the_way__is_named(
    change: dict[str, object], reason: str, words: str
) -> None:
    obstacle = obstacle_before(replace(FINE, **change))  # type: ignore[arg-type]  # a table of them
    assert obstacle is not None
    assert obstacle.reason == reason
    assert words in obstacle.sentence


@pytest.mark.parametrize(
    "facts",
    [
        FINE,
        replace(FINE, mount=None),
        replace(FINE, program=Program(62, ""), has_interpreter=False),
    ],
    ids=["all is well", "mounts are not known", "static"],
)
def test_obstacle_before__nothing_is_known_against_it__is_none(facts: BinaryFacts) -> None:
    assert obstacle_before(facts) is None


GLIBC_LIBRARY = "x: error while loading shared libraries: libgcc_s.so.1: cannot open shared object"
GLIBC_OLD = "x: /lib/libc.so.6: version `GLIBC_2.38' not found (required by x)"
MUSL_LIBRARY = "Error loading shared library libgcc_s.so.1: No such file or directory (needed by x)"


@pytest.mark.parametrize(
    ("code", "output", "reason", "words"),
    [
        (127, GLIBC_LIBRARY, "MissingLibrary", "needs libgcc_s.so.1"),
        (127, MUSL_LIBRARY, "MissingLibrary", "needs libgcc_s.so.1"),
        (1, GLIBC_OLD, "MissingLibrary", "a C library with GLIBC_2.38"),
        (126, "chroot: failed to run: Permission denied", "ExecutionDenied", "SELinux"),
        (126, "x: Operation not permitted", "ExecutionDenied", "fapolicyd"),
        (126, "chroot: failed to run: Exec format error", "NotExecutable", "Exec format error"),
        (127, "", "NotExecutable", "code 127"),
        (124, "no end after 30 s", "ProbeTimedOut", "no end after 30 s"),
        (-4, "", "ProbeCrashed", "signal 4: it is built for a newer CPU"),
        (-11, "", "ProbeCrashed", "signal 11: it crashed"),
    ],
)
def test_obstacle_after__it_did_not_run__says_why(
    code: int, output: str, reason: str, words: str
) -> None:
    obstacle = obstacle_after(code, output)
    assert obstacle is not None
    assert obstacle.reason == reason
    assert words in obstacle.sentence


@pytest.mark.parametrize(("code", "output"), [(0, "v1"), (101, "panicked"), (0, GLIBC_LIBRARY)])
def test_obstacle_after__it_ran__is_none(code: int, output: str) -> None:
    assert obstacle_after(code, output) is None
