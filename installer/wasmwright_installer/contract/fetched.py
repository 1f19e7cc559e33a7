"""What `fetch` leaves for `apply`."""

from typing import Literal

from pydantic import Field

from wasmwright_installer.contract.model import Model


class FetchedBinary(Model):
    """One binary that `fetch` left for `apply`."""

    file: str
    """Path below the directory of the manifest."""
    sha256: str
    """Of the binary itself, not of the artifact that it came in."""
    size: int
    """Bytes."""


class Manifest(Model):
    """What `fetch` hands to `apply`: `manifest.json` beside the binaries."""

    schema_version: Literal[1] = 1
    artifacts: dict[str, FetchedBinary] = Field(default={})
    """By the source's key."""
    found: dict[str, str] = Field(default={})
    """URL -> sha256 of artifacts whose digest nobody knew."""


MANIFEST = "manifest.json"
