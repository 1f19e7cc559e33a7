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
    ImageArtifact,
    Manifest,
    NodeDocument,
    OciArtifact,
    RuntimeEntry,
    Source,
)
from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.fetch import place, web
from wasmwright_installer.fetch.archive import extract
from wasmwright_installer.fetch.binary import refuse_foreign
from wasmwright_installer.fetch.fetching import Fetching
from wasmwright_installer.fetch.images import take_from_image
from wasmwright_installer.fetch.limits import FetchLimits
from wasmwright_installer.fetch.oci.pull import pull

Artifact = HttpArtifact | OciArtifact | ImageArtifact


def fetch(document: NodeDocument, fetching: Fetching) -> Manifest:
    """Download, check and unpack every binary of a document; what is there already is kept.

    What the node's store holds is left out: `apply` finds it there, and checks it.

    Raises:
        ArtifactError: an artifact cannot be had or is not what the document says.
    """
    folder = fetching.folder
    folder.mkdir(parents=True, exist_ok=True)
    earlier = _known(folder)
    artifacts: dict[str, FetchedBinary] = {}
    found: dict[str, str] = {}
    for entry in document.runtimes:
        artifact = entry.source.artifact
        if artifact is None or entry.source.key in document.stored:
            continue
        wanted = entry.source.known_as(artifact.required or found.get(artifact.address, ""))
        source = wanted.known_as(earlier.found.get(artifact.address, ""))
        binary = earlier.artifacts.get(source.key) or artifacts.get(source.key)
        if binary is None:
            source, binary = _fetch_one(entry, wanted, fetching)
        artifacts[source.key] = binary
        if not artifact.required:
            found[artifact.address] = source.digest
    manifest = Manifest(artifacts=artifacts, found=found)
    text = manifest.model_dump_json(indent=1).encode()
    place.write(folder / MANIFEST, lambda file: _put(file, text), 0o644)
    return manifest


def _put(file: BinaryIO, content: bytes) -> None:
    file.write(content)


def _known(folder: Path) -> Manifest:
    """What an earlier run left that is still whole."""
    path = folder / MANIFEST
    if not path.exists():
        return Manifest()
    left = Manifest.model_validate_json(path.read_bytes())
    whole = {
        digest: binary
        for digest, binary in left.artifacts.items()
        if (folder / binary.file).exists()
        and hashlib.sha256((folder / binary.file).read_bytes()).hexdigest() == binary.sha256
    }
    return Manifest(artifacts=whole, found=left.found)


def _fetch_one(
    entry: RuntimeEntry, wanted: Source, fetching: Fetching
) -> tuple[Source, FetchedBinary]:
    """Return the source with the digest that was found, and the binary that was in it."""
    artifact = wanted.artifact
    assert artifact is not None  # noqa: S101  # the caller chose these
    try:
        digest, downloads = _download(entry.name, artifact, fetching)
        source = wanted.known_as(digest)
        file = f"{source.key}/{entry.handler.binary}"
        written = place.write(
            fetching.folder / file,
            lambda target: _take(entry, artifact, downloads, target, fetching),
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
    return source, FetchedBinary(file=file, sha256=written.sha256, size=written.size)


def _download(runtime: str, artifact: Artifact, fetching: Fetching) -> tuple[str, tuple[Path, ...]]:
    """Return the artifact's digest and its files; the last of them is or holds the binary."""
    if isinstance(artifact, ImageArtifact):
        return artifact.sha256, ()
    if isinstance(artifact, OciArtifact):
        return artifact.sha256, pull(runtime, artifact, fetching)
    digest, file = web.get(runtime, artifact, fetching)
    return digest, (file,)


def _take(
    entry: RuntimeEntry,
    artifact: Artifact,
    downloads: tuple[Path, ...],
    target: BinaryIO,
    fetching: Fetching,
) -> None:
    """Write the binary itself, out of what was downloaded or where it was put for us."""
    if isinstance(artifact, ImageArtifact):
        take_from_image(entry, fetching, target)
        return
    limits = fetching.limits.of(artifact.access or Access())
    _unpack(entry.name, artifact.path, downloads[-1], target, limits)


def _unpack(runtime: str, path: str, blob: Path, target: BinaryIO, limits: FetchLimits) -> None:
    if path:
        extract(runtime, blob, path, target, limits)
        return
    with blob.open("rb") as file:
        shutil.copyfileobj(file, target)
