"""Sixth step: binaries into the store."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.links import stored_path, unreferenced_stores
from wasmwright_installer.apply.tryout import try_out
from wasmwright_installer.contract import Manifest, RuntimeEntry
from wasmwright_installer.errors import ArtifactError
from wasmwright_installer.host.processes import all_processes
from wasmwright_installer.host.state import InstalledBinary, State

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Artifacts:
    """What `fetch` handed over."""

    folder: Path | None
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class Staged:
    """The binaries of a run."""

    installed: dict[str, InstalledBinary]
    """By handler."""
    warnings: tuple[str, ...]


def read_artifacts(folder: Path | None) -> Artifacts:
    """Read what `fetch` left in a directory; nothing is no error, it may be on the node already."""
    path = folder / "manifest.json" if folder else None
    if path is None or not path.exists():
        return Artifacts(folder, Manifest())
    return Artifacts(folder, Manifest.model_validate_json(path.read_bytes()))


def stage(
    host: Host, runtimes: tuple[RuntimeEntry, ...], artifacts: Artifacts, state: State
) -> Staged:
    """Bring every binary to where its link will lead, and try it.

    Raises:
        ArtifactError: a binary is missing, damaged, or cannot be executed on this host.
    """
    installed: dict[str, InstalledBinary] = {}
    warnings: list[str] = []
    for entry in runtimes:
        known = state.runtimes.get(entry.handler.handler)
        binary_sha256, is_new = "", True
        if entry.source.http is not None:
            binary_sha256, is_new = _store(host, entry, artifacts, known)
        if is_new:
            warnings += try_out(host, entry)
        installed[entry.handler.handler] = InstalledBinary(
            name=entry.name,
            version=entry.version,
            digest=entry.source.http.sha256 if entry.source.http else "",
            binary_sha256=binary_sha256,
        )
    return Staged(installed, tuple(warnings))


def _store(
    host: Host, entry: RuntimeEntry, artifacts: Artifacts, known: InstalledBinary | None
) -> tuple[str, bool]:
    """Return the binary's digest and whether it had to be copied."""
    artifact = entry.source.http.sha256 if entry.source.http else ""
    fetched = artifacts.manifest.artifacts.get(artifact)
    expected = fetched.sha256 if fetched else ""
    if not expected and known is not None and known.digest == artifact:
        expected = known.binary_sha256
    path = stored_path(host.home, entry)
    if expected and _digest(host.files.local(path)) == expected:
        return expected, False
    if (
        fetched is None
        or artifacts.folder is None
        or not (artifacts.folder / fetched.file).exists()
    ):
        raise ArtifactError(
            f"the binary of runtime {entry.name!r} (artifact {artifact[:12]}) is neither on the "
            "node nor among the fetched artifacts; run fetch with the same document first",
            reason="ArtifactMissing",
        )
    host.files.make_folders(path.rpartition("/")[0])
    _copy(host, artifacts.folder / fetched.file, path, fetched.sha256)
    return expected, True


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _copy(host: Host, source: Path, path: str, expected: str) -> None:
    """Copy and check in one pass: a file that changed since `fetch` never gets its name."""

    def fill(descriptor: int) -> None:
        digest = hashlib.sha256()
        with source.open("rb") as file, os.fdopen(descriptor, "wb", closefd=False) as target:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                target.write(chunk)
        if digest.hexdigest() != expected:
            raise ArtifactError(
                f"{source} changed since it was fetched (sha256 {digest.hexdigest()[:12]}, "
                f"expected {expected[:12]}); fetch it again",
                reason="DigestMismatch",
            )

    host.files.write_stream(path, fill, mode=0o755)


def sweep_store(host: Host) -> bool:
    """Remove what no link leads to and no process runs from; return whether anything went."""
    loose = unreferenced_stores(host)
    if not loose:
        host.files.delete_empty_folder(host.home.store)
        return False
    running = {each.executable.removesuffix(" (deleted)") for each in all_processes(host.files)}
    free = [folder for folder in loose if not any(exe.startswith(f"{folder}/") for exe in running)]
    for folder in free:
        host.files.delete_tree(folder)
    host.files.delete_empty_folder(host.home.store)
    return bool(free)
