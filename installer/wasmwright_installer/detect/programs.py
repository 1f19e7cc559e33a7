"""What a program needs in order to run, by its first bytes: ELF header, loader, or script line."""

import struct
from dataclasses import dataclass
from mmap import mmap

MACHINES = {
    "x86_64": 62,
    "aarch64": 183,
    "armv7l": 40,
    "ppc64le": 21,
    "riscv64": 243,
    "s390x": 22,
}
"""ELF's number for what `uname -m` says."""

_ELF, _SCRIPT = b"\x7fELF", b"#!"
_BIG_ENDIAN, _WIDE = 2, 2
_MACHINE_END = 20
_INTERPRETER = 3
"""PT_INTERP: the program header that names the dynamic loader."""
_LONGEST_SCRIPT_LINE = 256


@dataclass(frozen=True, slots=True)
class Program:
    """A file that the kernel may be able to execute."""

    machine: int | None
    """As ELF numbers it; None = a script."""
    interpreter: str
    """The dynamic loader, or what the first line of a script names; "" = it needs none."""

    def machine_name(self) -> str:
        """Return the machine as `uname -m` says it, where it is known."""
        names = {number: name for name, number in MACHINES.items()}
        return names.get(self.machine or 0, f"machine {self.machine}")

    def fits(self, machine: str) -> bool:
        """Tell whether it is for a machine; one that is not known here is not judged."""
        wanted = MACHINES.get(machine)
        return None in (self.machine, wanted) or self.machine == wanted


def parse_program(content: bytes | mmap) -> Program | None:
    """Return what a file needs; None = it is neither an ELF program nor a script.

    Args:
        content: the whole file. Of one that is cut off the loader may stay unknown.
    """
    if content[: len(_SCRIPT)] == _SCRIPT:
        line = content[len(_SCRIPT) : _LONGEST_SCRIPT_LINE].split(b"\n", 1)[0]
        words = line.decode(errors="replace").split()
        return Program(machine=None, interpreter=words[0] if words else "")
    if content[: len(_ELF)] != _ELF or len(content) < _MACHINE_END:
        return None
    order = ">" if content[5] == _BIG_ENDIAN else "<"
    (machine,) = struct.unpack_from(f"{order}H", content, 18)
    try:
        loader = _loader(content, order, is_wide=content[4] == _WIDE)
    except struct.error:
        loader = ""
    return Program(machine, loader)


def _loader(content: bytes | mmap, order: str, *, is_wide: bool) -> str:
    """Read the program headers; their offsets are 8 bytes wide in 64-bit files, else 4."""
    table, word = (32, "Q") if is_wide else (28, "I")
    (start,) = struct.unpack_from(f"{order}{word}", content, table)
    size, count = struct.unpack_from(f"{order}HH", content, 54 if is_wide else 42)
    place, length = (8, 32) if is_wide else (4, 16)
    for header in range(start, start + size * count, size or 1):
        (kind,) = struct.unpack_from(f"{order}I", content, header)
        if kind == _INTERPRETER:
            (offset,) = struct.unpack_from(f"{order}{word}", content, header + place)
            (width,) = struct.unpack_from(f"{order}{word}", content, header + length)
            return content[offset : offset + width].rstrip(b"\0").decode(errors="replace")
    return ""
