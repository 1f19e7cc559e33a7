"""Who must have signed an artifact."""

from typing import Self

from pydantic import Field, model_validator

from wasmwright_installer.contract.handed import HANDED_FILE_PATTERN
from wasmwright_installer.contract.model import Model


class Keyless(Model):
    """An identity that an issuer vouches for, by certificates of minutes and a public log."""

    identity: str = Field(min_length=1)
    """What the certificate is for: an address of mail, or the URI of a workflow."""
    issuer: str = Field(min_length=1)
    """Who says so, for example `https://token.actions.githubusercontent.com`."""
    trusted_root: str = Field(pattern=HANDED_FILE_PATTERN)
    """The authorities and logs to believe (`trusted_root.json`), below `fetch --files`."""


class Verify(Model):
    """Who must have signed an artifact: exactly one of the fields."""

    key: str = Field(default="", pattern=rf"^$|{HANDED_FILE_PATTERN}")
    """A public key (PEM), below `fetch --files`."""
    keyless: Keyless | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if bool(self.key) == (self.keyless is not None):
            raise ValueError("exactly one of key and keyless must be given")
        return self
