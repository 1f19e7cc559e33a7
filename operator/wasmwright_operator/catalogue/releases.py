"""Releases of a runtime, and where their binaries come from."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from wasmwright_installer.contract import OptionValue
from wasmwright_operator.catalogue.model import CatalogueModel
from wasmwright_operator.catalogue.pods import NativeEnvironment

Version = Annotated[str, Field(min_length=1, max_length=64)]


class Download(CatalogueModel):
    """The download of a release for one architecture."""

    arch: str = Field(pattern=r"^[a-z0-9]+$")
    """The architecture, as in the node label `kubernetes.io/arch`."""
    url: str = Field(pattern=r"^https://[^\s/]+/\S+$")
    """Where the project offers the file."""
    sha256: str | None = Field(default=None, pattern=r"^[a-f0-9]{64}$")
    """The digest of the file; absent where nobody has published one."""
    path: str = Field(default="", pattern=r"^[^/].*$|^$")
    """The member to take out of an archive; empty = the file is the binary itself."""


class Downloads(CatalogueModel):
    """The downloads of a release."""

    platforms: tuple[Download, ...] = Field(min_length=1)
    """One per architecture."""


class Probe(CatalogueModel):
    """A command line that the right binary answers."""

    args: tuple[str, ...] = ("--version",)
    """Arguments for the binary, which must end with exit code 0."""
    contains: str = ""
    """A piece of text that the output must hold."""


class HostBinary(CatalogueModel):
    """A binary that nodes have from elsewhere."""

    path: str = Field(pattern=r"^/.+$")
    """Where it lies, usually."""
    probe: Probe | None = None
    """How to find out that it is the right one."""


class Source(CatalogueModel):
    """Where the binary comes from: exactly one of the fields."""

    http: Downloads | None = None
    """Downloads."""
    host_path: HostBinary | None = None
    """A binary that nodes have."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.http is None) == (self.host_path is None):
            raise ValueError("give exactly one of http and hostPath")
        return self

    @property
    def downloads(self) -> tuple[Download, ...]:
        """All downloads; none for a binary that nodes have."""
        return self.http.platforms if self.http else ()


class Signature(CatalogueModel):
    """A keyless signature that lies in the archive beside the binary, and speaks of the binary."""

    signature: str
    """The member that holds the signature."""
    certificate: str
    """The member that holds the certificate."""


class Release(CatalogueModel):
    """One release."""

    version: Version
    """The version, as the project writes it without a leading v."""
    source: Source
    """Where the binary comes from."""
    unverified: bool = False
    """Whether nobody has published digests of its downloads: they run only where a WasmRuntime
    says `allowUnverified`."""
    signature: Signature | None = None
    """How the project signs it."""
    options: dict[str, OptionValue] | None = None
    """The options that its handler needs; absent = none."""
    native_env: NativeEnvironment | None = None
    """What becomes of the environment of Linux containers, where this release differs."""
    note: str = ""
    """What else is worth knowing."""

    @model_validator(mode="after")
    def _says_what_is_unverified(self) -> Self:
        missing = [item.arch for item in self.source.downloads if item.sha256 is None]
        if missing and not self.unverified:
            raise ValueError(
                f"release {self.version} has no sha256 for {', '.join(missing)}:"
                " give it, or say `unverified: true`"
            )
        if self.unverified and not missing:
            raise ValueError(
                f"release {self.version} is said to be unverified, and has all digests:"
                " remove `unverified`"
            )
        return self
