"""Where a binary comes from."""

import hashlib
import json
from typing import Annotated, Self

from pydantic import Field, model_validator

from wasmwright_installer.contract.access import Access
from wasmwright_installer.contract.handed import HANDED_FILE_PATTERN
from wasmwright_installer.contract.model import Model
from wasmwright_installer.contract.verify import Verify

_OCI_NAME = r"[a-z0-9]+([._-]+[a-z0-9]+)*"
_OCI_HOST = r"[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:[0-9]{1,5})?"
OCI_REPOSITORY_PATTERN = rf"^{_OCI_HOST}(/{_OCI_NAME})+$"
OCI_REFERENCE_PATTERN = rf"^{_OCI_HOST}(/{_OCI_NAME})+@sha256:[a-f0-9]{{64}}$"
"""The distribution specification's names, with the registry's host always before them."""


class Probe(Model):
    """A command line that a binary must answer with exit code 0 before it counts as present."""

    args: tuple[str, ...] = ("--version",)
    contains: str = ""
    """A piece of text that the output must hold; empty = any output."""


class HttpArtifact(Model):
    """A download for this node's architecture, checked against its digest before it is unpacked."""

    url: str = Field(pattern=r"^https?://")
    sha256: str = Field(default="", pattern=r"^([a-f0-9]{64})?$")
    path: str = ""
    """The member to take out of an archive; empty = the download is the binary itself."""
    verify: Verify | None = None
    """Who must have signed the download; None = its digest says enough."""
    signature: str = Field(default="", pattern=r"^$|^https?://")
    """Where the signature is; empty = beside each address, as `.sig` or `.sigstore.json`."""
    access: Access | None = None
    """None = directly from `url`, or through the proxy that the environment names."""
    unverified: bool = False
    """Whether `sha256` may be empty: then whatever comes is taken, and its digest is reported."""
    pinned: str = Field(default="", pattern=r"^([a-f0-9]{64})?$")
    """The digest that another node found where `sha256` is empty. It is required as if it stood
    there, and is no part of what the node is to have: a node that has it needs no other run."""

    @model_validator(mode="after")
    def _is_verified_unless_said(self) -> Self:
        if not self.sha256 and not self.unverified:
            raise ValueError("give sha256, or say unverified: true")
        return self

    @property
    def address(self) -> str:
        """By what it is known as long as nobody has seen it."""
        return self.url

    @property
    def required(self) -> str:
        """The digest that the download must have, "" = any."""
        return self.sha256 or self.pinned


class InRegistry(Model):
    """What a registry knows by its digest."""

    ref: str = Field(pattern=OCI_REFERENCE_PATTERN)
    """`registry/repository@sha256:...`, of an index or of a manifest."""

    @property
    def address(self) -> str:
        """By what it is known as long as nobody has seen it."""
        return self.ref

    @property
    def sha256(self) -> str:
        """The digest of the index or manifest."""
        return self.ref.rpartition(":")[2]

    @property
    def required(self) -> str:
        """The digest that it must have: the one by which it is pulled."""
        return self.sha256


class OciArtifact(InRegistry):
    """An artifact in a registry, pulled by its digest; of an index, what is for this machine."""

    mirrors: tuple[Annotated[str, Field(pattern=OCI_REPOSITORY_PATTERN)], ...] = ()
    """Other repositories (`registry/repository`) with the same artifact, tried in this order."""
    title: str = ""
    """The layer to take, by its title; empty = the only one."""
    path: str = ""
    """The member to take out of the layer, if that is an archive; empty = it is the binary."""
    pull_secrets: tuple[Annotated[str, Field(pattern=HANDED_FILE_PATTERN)], ...] = ()
    """Files below `fetch --files` with credentials of registries, as a dockerconfigjson."""
    verify: Verify | None = None
    """Who must have signed the reference; None = its digest says enough."""
    access: Access | None = None
    """None = directly, or through the proxy that the environment names."""


IMAGE_FILE = "file"
"""What a file taken out of an image is called, in a directory named by the source's key."""


class ImageArtifact(InRegistry):
    """A file in a container image, which the node's own container runtime has pulled."""

    path: str = Field(pattern=r"^/[^\x00]+$")
    """The binary in it."""
    pull_secrets: tuple[str, ...] = ()
    """Secrets with which it may be pulled, for whoever has the node pull it."""


class HostBinary(Model):
    """A binary that the node already has: it is linked to, never copied or removed."""

    path: str = Field(pattern=r"^/[^\x00]+$")
    probe: Probe | None = None


class Source(Model):
    """Where the binary comes from: exactly one of the fields."""

    http: HttpArtifact | None = None
    oci: OciArtifact | None = None
    image: ImageArtifact | None = None
    host_path: HostBinary | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        sources = (self.http, self.oci, self.image, self.host_path)
        if len([it for it in sources if it is not None]) != 1:
            raise ValueError("exactly one of http, oci, image and hostPath must be given")
        return self

    @property
    def download(self) -> HttpArtifact | OciArtifact | None:
        """What `fetch` has to download; None = somebody else brings the binary."""
        return self.http or self.oci

    @property
    def artifact(self) -> HttpArtifact | OciArtifact | ImageArtifact | None:
        """What has to be had from elsewhere; None = the node has the binary itself."""
        return self.download or self.image

    @property
    def digest(self) -> str:
        """The artifact's sha256; "" = none, or nobody knows it yet."""
        return self.artifact.required if self.artifact else ""

    @property
    def key(self) -> str:
        """How `fetch` and the node's store know the binary; "" when it is not stored, or not yet.

        64 hex digits over all that decides which bytes it is, and who must have signed them: of one
        artifact several runtimes may take what each needs, and what came unsigned does not count
        when a signature is wanted.
        """
        if self.artifact is None or not self.digest:
            return ""
        said = self.artifact.model_dump(
            mode="json", include={"title", "path", "verify"}, exclude_defaults=True
        )
        if not said:
            return self.digest
        text = json.dumps([self.digest, said], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def known_as(self, digest: str) -> Self:
        """Return a source that demands this digest where it had none."""
        if self.http is None or self.http.sha256:
            return self
        http = self.http.model_copy(update={"sha256": digest})
        return self.model_copy(update={"http": http})
