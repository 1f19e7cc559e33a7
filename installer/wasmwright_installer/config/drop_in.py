"""Handlers in a file of our own."""

from wasmwright_installer.config.files import HEADER, Handlers
from wasmwright_installer.config.tables import render_handler


def render(table: str, handlers: Handlers) -> bytes:
    """Return the text of a file that declares these handlers and nothing else."""
    lines = [HEADER]
    for name, body in handlers.items():
        lines += render_handler(table, name, body)
    return "".join(f"{line}\n" for line in lines).encode()
