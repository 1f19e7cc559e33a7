"""Getting binaries: download, check, unpack. Unprivileged, and apart from everything on a host."""

from wasmwright_installer.fetch.fetching import Fetching
from wasmwright_installer.fetch.files import HandedFiles
from wasmwright_installer.fetch.limits import FetchLimits
from wasmwright_installer.fetch.run import fetch

__all__ = ["FetchLimits", "Fetching", "HandedFiles", "fetch"]
