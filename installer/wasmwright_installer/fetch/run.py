"""Everything a document's node has to download, ready for `apply` in one directory."""

import hashlib
import shutil
from pathlib import Path
from typing import BinaryIO

from wasmwright_installer.contract import (
    MANIFEST,
    Access,
    FetchedBinary,
    HttpArtifact,
    Manifest,
    NodeDocument,
    OciArtifact,
    RuntimeEntry,
)
from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.fetch import place
from wasmwright_installer.fetch.archive import extract
from wasmwright_installer.fetch.binary import refuse_foreign
from wasmwright_installer.fetch.client import open_client
from wasmwright_installer.fetch.download import download
from wasmwright_installer.fetch.fetching import Fetching
from wasmwright_installer.fetch.limits import FetchLimits
from wasmwright_installer.fetch.oci.pull import pull
from wasmwright_installer.fetch.signature.blob import beside, require_signature
from wasmwright_installer.fetch.signature.signer import read_signer


def fetch(document: NodeDocument, fetching: Fetching) -> Manifest:
    """Download, check and unpack every binary of a document; what is there already is kept.

    What the node's store holds is left out: `apply` finds it there, and checks it.

    Raises:
        ArtifactError: an artifact cannot be had or is not what the document says.
    """
    folder = fetching.folder
    folder.mkdir(parents=True, exist_ok=True)
    known = _known(folder)
    wanted = {
        entry.source.key: entry
        for entry in document.runtimes
        if entry.source.key and entry.source.key not in document.stored
    }
    artifacts = {
        key: known.get(key) or _fetch_one(entry, fetching) for key, entry in wanted.items()
    }
    manifest = Manifest(artifacts=artifacts)
    text = manifest.model_dump_json(indent=1).encode()
    place.write(folder / MANIFEST, lambda file: _put(file, text), 0o644)
    return manifest


def _put(file: BinaryIO, content: bytes) -> None:
    file.write(content)


def _known(folder: Path) -> dict[str, FetchedBinary]:
    """What an earlier run left that is still whole."""
    path = folder / MANIFEST
    if not path.exists():
        return {}
    artifacts = Manifest.model_validate_json(path.read_bytes()).artifacts
    return {
        digest: binary
        for digest, binary in artifacts.items()
        if (folder / binary.file).exists()
        and hashlib.sha256((folder / binary.file).read_bytes()).hexdigest() == binary.sha256
    }


def _fetch_one(entry: RuntimeEntry, fetching: Fetching) -> FetchedBinary:
    artifact = entry.source.artifact
    assert artifact is not None  # noqa: S101  # the caller chose these
    file = f"{entry.source.key}/{entry.handler.binary}"
    limits = fetching.limits.of(artifact.access or Access())
    try:
        downloads = _download(entry.name, artifact, fetching)
        written = place.write(
            fetching.folder / file,
            lambda target: _unpack(entry.name, artifact.path, downloads[-1], target, limits),
            0o755,
            lambda binary: refuse_foreign(entry.name, binary.head, fetching.machine),
        )
    except OSError as error:
        raise ArtifactError(
            f"runtime {entry.name!r}: {error.strerror} in {fetching.folder}; "
            "is the volume large enough?",
            reason="DownloadFailed",
        ) from error
    for path in downloads:
        path.unlink()
    return FetchedBinary(file=file, sha256=written.sha256, size=written.size)


def _download(
    runtime: str, artifact: HttpArtifact | OciArtifact, fetching: Fetching
) -> tuple[Path, ...]:
    """Return the downloaded files; the last of them is or holds the binary."""
    if isinstance(artifact, OciArtifact):
        return pull(runtime, artifact, fetching)
    access = artifact.access or Access()
    partial = fetching.partial(artifact.sha256)
    client = open_client(runtime, artifact.url, access, fetching.files, fetching.limits)
    addresses = (artifact.url, *access.mirrors)
    with client.http:
        if artifact.verify is not None:
            signer = read_signer(runtime, artifact.verify, fetching.files)
            signed = (
                [artifact.signature]
                if artifact.signature
                else (beside(address, signer.suffix) for address in addresses)
            )
            require_signature(client, signed, artifact.sha256, signer, fetching.scratch)
        download(client, addresses, artifact.sha256, partial)
    return (partial,)


def _unpack(runtime: str, path: str, blob: Path, target: BinaryIO, limits: FetchLimits) -> None:
    if path:
        extract(runtime, blob, path, target, limits)
        return
    with blob.open("rb") as file:
        shutil.copyfileobj(file, target)
