"""Programs for this machine and for others."""

from pathlib import Path

import pytest

from unit.installer.fetch.downloads import LIMITS, SCRIPT, fetch, wanted
from unit.installer.fetch.server import Server
from wasmwright_installer.errors import ArtifactError


def elf(machine: int, *, big: bool = False) -> bytes:
    number = machine.to_bytes(2, "big" if big else "little")
    return b"\x7fELF\x02" + (b"\x02" if big else b"\x01") + bytes(12) + number


@pytest.mark.parametrize(
    ("content", "machine"),
    [
        (elf(62), "x86_64"),
        (elf(183), "aarch64"),
        (elf(22, big=True), "s390x"),
        (elf(9999), "loongarch64"),
        (SCRIPT, "aarch64"),
    ],
)
def test_fetch__program_for_this_machine__is_accepted(
    server: Server, tmp_path: Path, content: bytes, machine: str
) -> None:
    fetch(wanted(server, content), tmp_path, LIMITS, machine)


@pytest.mark.parametrize(
    ("content", "machine", "reason", "match"),
    [
        (elf(183), "x86_64", "WrongArchitecture", "built for aarch64, this node is x86_64"),
        (elf(9999), "x86_64", "WrongArchitecture", "built for machine 9999"),
        (b"<!DOCTYPE html><html>...", "x86_64", "NotExecutable", "neither an ELF"),
        (b"\x7fELF", "x86_64", "NotExecutable", "neither an ELF"),
        (b"MZ" + bytes(30), "x86_64", "NotExecutable", "neither an ELF"),
    ],
)
def test_fetch__program_for_something_else__is_refused(
    server: Server, tmp_path: Path, content: bytes, machine: str, reason: str, match: str
) -> None:
    with pytest.raises(ArtifactError, match=match) as caught:
        fetch(wanted(server, content), tmp_path, LIMITS, machine)
    assert caught.value.reason == reason
