"""Small ELF files as a compiler and linker would begin them."""

import os
import struct

from wasmwright_installer.detect.programs import MACHINES

THIS = MACHINES.get(os.uname().machine, 0)
"""The machine of the host that the tests run on."""


def elf(machine: int = THIS, loader: str = "", *, big: bool = False, wide: bool = True) -> bytes:
    """A program with a code segment, and the header of its loader if it has one."""
    order = ">" if big else "<"
    name = loader.encode() + b"\0" if loader else b""
    kinds = (1, 3) if loader else (1,)
    header, entry = (64, 56) if wide else (52, 32)
    end = header + entry * len(kinds)
    word = "Q" if wide else "I"
    identity = b"\x7fELF" + bytes([2 if wide else 1, 2 if big else 1, 1]) + bytes(9)
    offsets = struct.pack(f"{order}3{word}", 0, header, 0)
    sizes = struct.pack(f"{order}IHHHHHH", 0, header, entry, len(kinds), 0, 0, 0)
    content = identity + struct.pack(f"{order}HHI", 2, machine, 1) + offsets + sizes
    for kind in kinds:
        place = (end, 0, 0, len(name), len(name))
        fields = (kind, 4, *place, 1) if wide else (kind, *place, 4, 1)
        form = f"{order}II6Q" if wide else f"{order}8I"
        content += struct.pack(form, *fields)
    return content + name
