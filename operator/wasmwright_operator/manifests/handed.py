"""The volume with the files that a document's downloads want: keys of Secrets and ConfigMaps.

One projected volume, for the container that downloads and for no other. What is missing does not
keep the pod from starting: the download says what it misses, which a pod that waits cannot.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from wasmwright_installer.contract import Access, NodeDocument, RuntimeEntry
from wasmwright_operator import names

_CREDENTIALS = ("username", "password")


def to_download(document: NodeDocument) -> tuple[RuntimeEntry, ...]:
    """Return the runtimes whose artifacts the node does not have yet."""
    return tuple(
        entry
        for entry in document.runtimes
        if entry.source.artifact is not None and entry.source.key not in document.stored
    )


def projected_sources(document: NodeDocument) -> list[dict[str, Any]]:
    """Return the sources of the projected volume; each file lies below the path that names it."""
    files = sorted({file for entry in to_download(document) for file in _files(entry)})
    return [_source(file) for file in files]


def _files(entry: RuntimeEntry) -> Iterator[str]:
    artifact = entry.source.download
    yield from _files_of((artifact and artifact.access) or Access())
    if artifact is not None and artifact.verify is not None:
        keyless = artifact.verify.keyless
        yield keyless.trusted_root if keyless else artifact.verify.key
    if entry.source.oci is not None:
        yield from entry.source.oci.pull_secrets


def _files_of(access: Access) -> Iterable[str]:
    if access.ca_file:
        yield access.ca_file
    if access.auth is not None:
        yield access.auth.file
    if access.proxy is not None and access.proxy.folder:
        yield from (f"{access.proxy.folder}/{name}" for name in _CREDENTIALS)


def _source(file: str) -> dict[str, Any]:
    kind, name, key = file.split("/")
    field = "secret" if kind == names.SECRET_FILES else "configMap"
    return {field: {"name": name, "optional": True, "items": [{"key": key, "path": file}]}}
