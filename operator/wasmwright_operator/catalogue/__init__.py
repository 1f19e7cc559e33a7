"""What is known of each runtime: facts that people look up, and the WasmRuntime made of them.

Pure: entries are text that somebody else reads. The files lie in `deploy/catalogue/`.
"""

from wasmwright_operator.catalogue.entry import Entry, Status
from wasmwright_operator.catalogue.reading import CatalogueError, parse_entry
from wasmwright_operator.catalogue.releases import Release
from wasmwright_operator.catalogue.rendering import render_manifest, render_spec

__all__ = [
    "CatalogueError",
    "Entry",
    "Release",
    "Status",
    "parse_entry",
    "render_manifest",
    "render_spec",
]
