"""Sixth step: binaries into the store."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from wasmwright_installer.apply.host import Host
from wasmwright_installer.apply.links import stored_path
from wasmwright_installer.apply.store import known_sha256
from wasmwright_installer.apply.tryout import try_out
from wasmwright_installer.contract import Manifest, RuntimeEntry
from wasmwright_installer.errors import ArtifactError, RefusedError
from wasmwright_installer.host.state import InstalledBinary, State

_CHUNK = 1 << 20
_MARGIN = 1 << 24
"""Bytes that must be left after the binaries: for our own records, and for everybody else."""


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
        RefusedError: the host has no room for it.
    """
    wanted = [_wanted(host, entry, artifacts, state) for entry in runtimes]
    _require_space(host, wanted)
    warnings: list[str] = []
    for each in wanted:
        handler = each.entry.handler.handler
        if each.source is not None:
            host.files.make_folders(each.path.rpartition("/")[0])
            _copy(host, each.source, each.path, each.sha256)
        known = state.runtimes.get(handler)
        if each.source is not None or known is None or known.digest != each.artifact:
            warnings += try_out(host, each.entry)
    return Staged({each.entry.handler.handler: each.installed for each in wanted}, tuple(warnings))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One binary of a run."""

    entry: RuntimeEntry
    path: str
    sha256: str
    source: Path | None
    """What has to be copied into the store; None = it is there."""

    @property
    def artifact(self) -> str:
        return self.entry.source.key

    @property
    def installed(self) -> InstalledBinary:
        return InstalledBinary(
            name=self.entry.name,
            version=self.entry.version,
            digest=self.artifact,
            binary_sha256=self.sha256,
        )


def _wanted(host: Host, entry: RuntimeEntry, artifacts: Artifacts, state: State) -> _Wanted:
    """Find out where a binary is; what lies in the store counts only with the right digest."""
    path = stored_path(host.home, entry)
    artifact = entry.source.key
    if not artifact:
        return _Wanted(entry, path, "", None)
    fetched = artifacts.manifest.artifacts.get(artifact)
    expected = fetched.sha256 if fetched else known_sha256(state, artifact)
    found = _digest(host.files.local(path))
    if expected and found == expected:
        return _Wanted(entry, path, expected, None)
    source = artifacts.folder / fetched.file if fetched and artifacts.folder else None
    if source is not None and source.exists():
        return _Wanted(entry, path, expected, source)
    if expected and found:
        raise ArtifactError(
            f"{path} of runtime {entry.name!r} is damaged (sha256 {found[:12]}, expected "
            f"{expected[:12]}); fetch it again, with 'stored' of the document empty",
            reason="StoreDamaged",
        )
    raise ArtifactError(
        f"the binary of runtime {entry.name!r} (artifact {entry.source.digest[:12]}) is neither on "
        "the node nor among the fetched artifacts; run fetch with the same document first",
        reason="ArtifactMissing",
    )


def _require_space(host: Host, wanted: list[_Wanted]) -> None:
    """Refuse before the first byte what would fill the disk up."""
    sizes = [each.source.stat().st_size for each in wanted if each.source is not None]
    free = host.files.free_bytes(host.home.store)
    if sizes and free < sum(sizes) + _MARGIN:
        raise RefusedError(
            f"{host.home.store} cannot take {len(sizes)} binaries on this host: they need "
            f"{sum(sizes)} bytes and {_MARGIN} to spare, {free} are left; free some space and run "
            "again",
            reason="DiskFull",
        )


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
