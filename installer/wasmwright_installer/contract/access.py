"""How an artifact is reached: where else, through whom, believing whom, with which header."""

from typing import Annotated

from pydantic import Field

from wasmwright_installer.contract.handed import HANDED_FILE_PATTERN
from wasmwright_installer.contract.model import Model


class HeaderAuth(Model):
    """A header that opens the way to an artifact; its value stands in a file of `fetch --files`."""

    file: str = Field(pattern=HANDED_FILE_PATTERN)
    """Path below that directory: what it holds is the whole value of the header."""
    header: str = Field(default="Authorization", pattern=r"^[A-Za-z0-9-]+$")
    hosts: tuple[str, ...] = ()
    """Who gets it, as `host` or `host:port`, by https only; empty = the host of the artifact."""


class ProxyServer(Model):
    """Through whom downloads go."""

    url: str = Field(pattern=r"^https?://[^\s/@]+/?$")
    no_proxy: tuple[str, ...] = ()
    """Hosts, with all below them, and IP addresses that are asked directly."""
    folder: str = Field(default="", pattern=rf"^$|{HANDED_FILE_PATTERN}")
    """Directory below that of `fetch --files` with the files `username` and `password`."""


class Access(Model):
    """How an artifact is reached; what is secret of it stands in files of `fetch --files`."""

    mirrors: tuple[Annotated[str, Field(pattern=r"^https?://")], ...] = ()
    """Other addresses of the same bytes, tried in this order after the first one."""
    proxy: ProxyServer | None = None
    """None = as the environment says."""
    ca_file: str = Field(default="", pattern=rf"^$|{HANDED_FILE_PATTERN}")
    """Certificate authorities (PEM) to trust besides the public ones, below `fetch --files`."""
    auth: HeaderAuth | None = None
    size_limit: int = Field(default=0, ge=0)
    """Bytes that the artifact, and the binary in it, may have; 0 = as many as `fetch` allows."""
