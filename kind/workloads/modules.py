"""The wasm modules, kept as text and compiled when they are needed."""

from enum import StrEnum
from pathlib import Path
from typing import Final

from wasmtime import wat2wasm

GREETING: Final = "hello from wasm"
"""The line that hello and loop print first."""

TICK: Final = "tick"
"""What the loop prints each second."""


class Module(StrEnum):
    """A module of ours, named like its file."""

    HELLO = "hello"
    LOOP = "loop"
    TELL = "tell"


def file_name(module: Module) -> str:
    """Return where a module lies in its image."""
    return f"/{module}.wasm"


def compile_module(module: Module) -> bytes:
    """Return a module as WebAssembly, for WASI preview 1."""
    text = (Path(__file__).parent / "wat" / f"{module}.wat").read_text()
    return bytes(wat2wasm(text))
