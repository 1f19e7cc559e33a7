"""Everything a document's node has to download, ready for `apply` in one directory."""

import hashlib
import os
import platform
from pathlib import Path

from wasmwright_installer.contract import (
    MANIFEST,
    FetchedBinary,
    HttpArtifact,
    Manifest,
    NodeDocument,
    RuntimeEntry,
)
from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.fetch.archive import member
from wasmwright_installer.fetch.binary import refuse_foreign
from wasmwright_installer.fetch.download import download
from wasmwright_installer.fetch.limits import FetchLimits


def fetch(document: NodeDocument, folder: Path, limits: FetchLimits, machine: str = "") -> Manifest:
    """Download, check and unpack every binary of a document; what is there already is kept.

    What the node's store holds is left out: `apply` finds it there, and checks it.

    Args:
        document: whose runtimes are wanted.
        folder: where the binaries and the manifest go.
        limits: what it may cost.
        machine: as `uname -m` says it; "" = this one.

    Raises:
        ArtifactError: an artifact cannot be had or is not what the document says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known = _known(folder)
    wanted = {
        entry.source.http.sha256: entry
        for entry in document.runtimes
        if entry.source.http and entry.source.http.sha256 not in document.stored
    }
    artifacts = {
        digest: known.get(digest) or _fetch_one(entry, folder, limits, machine)
        for digest, entry in wanted.items()
    }
    manifest = Manifest(artifacts=artifacts)
    write_atomically(folder / MANIFEST, manifest.model_dump_json(indent=1).encode(), 0o644)
    return manifest


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


def _fetch_one(
    entry: RuntimeEntry, folder: Path, limits: FetchLimits, machine: str
) -> FetchedBinary:
    artifact = entry.source.http
    assert artifact is not None  # noqa: S101  # the caller chose these
    partial = folder / f".{artifact.sha256}.partial"
    try:
        download(entry.name, artifact, partial, limits)
        content = _binary(entry, artifact, partial, limits)
        refuse_foreign(entry.name, content, machine or platform.machine())
        file = f"{artifact.sha256}/{entry.handler.binary}"
        write_atomically(folder / file, content, 0o755)
    except OSError as error:
        raise ArtifactError(
            f"runtime {entry.name!r}: {error.strerror} in {folder}; is the volume large enough?",
            reason="DownloadFailed",
        ) from error
    partial.unlink()
    digest = hashlib.sha256(content).hexdigest()
    return FetchedBinary(file=file, sha256=digest, size=len(content))


def _binary(
    entry: RuntimeEntry, artifact: HttpArtifact, archive: Path, limits: FetchLimits
) -> bytes:
    if not artifact.path:
        return archive.read_bytes()
    return member(entry.name, archive, artifact.path, limits.size)


def write_atomically(path: Path, content: bytes, mode: int) -> None:
    """Write a file that is seen whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
