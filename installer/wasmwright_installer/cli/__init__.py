"""Command line: `wasmwright-installer fetch | copier | plan | apply | status | remove`."""

from wasmwright_installer.cli.commands import main

__all__ = ["main"]
