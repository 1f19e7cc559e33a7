"""Fill in the digests that nobody gave: from here on every artifact is known by its own. Pure."""

from collections.abc import Mapping
from typing import Final

from wasmwright_installer.apply.result import identity_of
from wasmwright_installer.contract import NodeDocument, RuntimeEntry

UNKNOWN: Final = "not-fetched-yet"
"""Stands for the digest of an artifact that nobody has seen."""


def resolve(document: NodeDocument, found: Mapping[str, str]) -> NodeDocument:
    """Return a document with a digest for each download, and the hash of the given one.

    Args:
        document: what a node is to have.
        found: what `fetch` says of downloads whose digest nobody knew, by URL.
    """
    runtimes = tuple(_resolved(entry, found) for entry in document.runtimes)
    if runtimes == document.runtimes:
        return document
    return document.model_copy(update={"runtimes": runtimes, "hash": identity_of(document)})


def _resolved(entry: RuntimeEntry, found: Mapping[str, str]) -> RuntimeEntry:
    artifact = entry.source.http
    if artifact is None or artifact.sha256:
        return entry
    digest = artifact.pinned or found.get(artifact.url, UNKNOWN)
    return entry.model_copy(update={"source": entry.source.known_as(digest)})
