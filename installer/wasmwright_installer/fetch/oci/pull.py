"""Pull one layer of an artifact: index, manifest and layer, each checked against its digest."""

from dataclasses import dataclass, replace
from pathlib import Path

from wasmwright_installer.contract import Access, OciArtifact
from wasmwright_installer.fetch.client import Client, open_client
from wasmwright_installer.fetch.download import download
from wasmwright_installer.fetch.fetching import Fetching
from wasmwright_installer.fetch.look_up import look_up
from wasmwright_installer.fetch.oci.hosts import served_by
from wasmwright_installer.fetch.oci.login import Keys, Login
from wasmwright_installer.fetch.oci.manifest import (
    MEDIA_TYPES,
    Json,
    layer_of,
    manifest_for,
    parse,
)
from wasmwright_installer.fetch.oci.signatures import Registry, require_signature
from wasmwright_installer.fetch.signature.signer import Signer, read_signer

_LARGEST_MANIFEST = 4 << 20
"""Bytes: what registries take at most."""


def pull(runtime: str, artifact: OciArtifact, fetching: Fetching) -> tuple[Path, ...]:
    """Download what an artifact means for this machine: manifests, and last the layer.

    Raises:
        ArtifactError: it cannot be had, or is not what the reference says.
    """
    repositories = (artifact.ref.partition("@")[0], *artifact.mirrors)
    client = open_client(
        runtime,
        _address(repositories[0]),
        artifact.access or Access(),
        fetching.files,
        fetching.limits,
        headers={"Accept": ", ".join(MEDIA_TYPES)},
        login=Login(Keys.read(runtime, fetching.files, artifact.pull_secrets)),
    )
    with client.http:
        held = _Repositories(client, repositories, fetching)
        if artifact.verify is not None:
            signer = read_signer(runtime, artifact.verify, fetching.files)
            what = f"runtime {runtime!r}: {artifact.ref}"
            held.require_signature(what, artifact.sha256, signer)
        return held.pull(artifact)


@dataclass(frozen=True, slots=True)
class _Repositories:
    """All of them hold the same, since what they hold is known by its digest."""

    client: Client
    names: tuple[str, ...]
    fetching: Fetching

    def pull(self, artifact: OciArtifact) -> tuple[Path, ...]:
        what = f"runtime {self.client.runtime!r}: {artifact.ref}"
        file, found = self._manifest(what, artifact.sha256)
        files = [file]
        chosen = manifest_for(what, found, self.fetching.machine)
        if chosen is not None:
            file, found = self._manifest(f"{what}, of it sha256:{chosen}", chosen)
            files.append(file)
        layer = layer_of(what, found, artifact.title)
        return (*files, self._get("blobs", layer, self.client))

    def require_signature(self, what: str, digest: str, signer: Signer) -> None:
        """Refuse what has no signature that counts, before anything of it is pulled."""
        require_signature(what, digest, signer, Registry(self._named, self._digested))

    def _named(self, name: str) -> bytes | None:
        addresses = [f"{_address(repository)}/{name}" for repository in self.names]
        return look_up(self._small(), addresses, self.fetching.scratch)

    def _digested(self, kind: str, digest: str) -> bytes:
        file = self._get(kind, digest, self._small())
        content = file.read_bytes()
        file.unlink()
        return content

    def _small(self) -> Client:
        limits = replace(self.client.limits, size=_LARGEST_MANIFEST)
        return replace(self.client, limits=limits)

    def _manifest(self, what: str, digest: str) -> tuple[Path, Json]:
        file = self._get("manifests", digest, self._small())
        return file, parse(what, file.read_bytes())

    def _get(self, kind: str, digest: str, client: Client) -> Path:
        addresses = [f"{_address(name)}/{kind}/sha256:{digest}" for name in self.names]
        partial = self.fetching.partial(digest)
        download(client, addresses, digest, partial)
        return partial


def _address(repository: str) -> str:
    host, _, name = served_by(repository).partition("/")
    return f"https://{host}/v2/{name}"
