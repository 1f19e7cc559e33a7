import sys
from pathlib import Path

import pytest

from unit.installer.programs import THIS, elf
from wasmwright_installer.detect.programs import Program, parse_program

GLIBC = "/lib64/ld-linux-x86-64.so.2"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (elf(62), Program(62, "")),
        (elf(62, GLIBC), Program(62, GLIBC)),
        (elf(40, "/lib/ld-linux-armhf.so.3", wide=False), Program(40, "/lib/ld-linux-armhf.so.3")),
        (elf(22, "/lib/ld64.so.1", big=True), Program(22, "/lib/ld64.so.1")),
        (elf(62, GLIBC)[:60], Program(62, "")),
        (elf(62, GLIBC)[:70], Program(62, "")),
        (b"#!/bin/sh\necho\n", Program(None, "/bin/sh")),
        (b"#! /usr/bin/env python3\n", Program(None, "/usr/bin/env")),
        (b"#!\n", Program(None, "")),
    ],
    ids=[
        "static",
        "dynamic",
        "32 bits",
        "big endian",
        "cut in the header",
        "cut in the table",
        "script",
        "script with a space",
        "script without an interpreter",
    ],
)
def test_parse_program__first_bytes__tell_machine_and_interpreter(
    content: bytes, expected: Program
) -> None:
    assert parse_program(content) == expected


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"MZ" + bytes(30), b"<!DOCTYPE html>"])
def test_parse_program__no_program__is_none(content: bytes) -> None:
    assert parse_program(content) is None


def test_parse_program__real_program_of_this_machine__has_a_loader_that_is_there() -> None:
    program = parse_program(Path(sys.executable).read_bytes())
    assert program is not None
    assert program.machine == THIS
    assert Path(program.interpreter).exists()


@pytest.mark.parametrize(
    ("program", "machine", "fits"),
    [
        (Program(62, ""), "x86_64", True),
        (Program(183, ""), "x86_64", False),
        (Program(183, ""), "loongarch64", True),
        (Program(None, "/bin/sh"), "x86_64", True),
    ],
    ids=["same", "other", "host that nobody knows", "script"],
)
def test_fits__machine_of_the_host__decides(program: Program, machine: str, *, fits: bool) -> None:
    assert program.fits(machine) is fits
