"""One artifact from a web server, and the signature that it must have."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wasmwright_installer.contract import Access, HttpArtifact
from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.fetch.client import Client, open_client
from wasmwright_installer.fetch.download import download
from wasmwright_installer.fetch.fetching import Fetching
from wasmwright_installer.fetch.signature.blob import beside, require_signature
from wasmwright_installer.fetch.signature.signer import read_signer


def get(runtime: str, artifact: HttpArtifact, fetching: Fetching) -> tuple[str, Path]:
    """Download an artifact; return its digest and the file, which nobody has looked into yet.

    Raises:
        ArtifactError: it cannot be had, is not what was declared, or nobody trusted has signed it.
    """
    name = artifact.required or hashlib.sha256(artifact.url.encode()).hexdigest()
    partial = fetching.partial(name)
    access = artifact.access or Access()
    client = open_client(runtime, artifact.url, access, fetching.files, fetching.limits)
    with client.http:
        if artifact.required:
            _require_signature(runtime, artifact, artifact.required, client, fetching)
        digest = download(client, _addresses(artifact), artifact.required, partial)
        if not artifact.required:
            with _removed_if_refused(partial):
                _require_signature(runtime, artifact, digest, client, fetching)
    return digest, partial


def _addresses(artifact: HttpArtifact) -> tuple[str, ...]:
    return (artifact.url, *(artifact.access or Access()).mirrors)


@contextmanager
def _removed_if_refused(partial: Path) -> Iterator[None]:
    try:
        yield
    except ArtifactError:
        partial.unlink()
        raise


def _require_signature(
    runtime: str, artifact: HttpArtifact, digest: str, client: Client, fetching: Fetching
) -> None:
    """Refuse a download that nobody trusted has signed."""
    if artifact.verify is None:
        return
    signer = read_signer(runtime, artifact.verify, fetching.files)
    if artifact.signature:
        places = [artifact.signature]
    else:
        places = [beside(address, signer.suffix) for address in _addresses(artifact)]
    require_signature(client, places, digest, signer, fetching.scratch)
