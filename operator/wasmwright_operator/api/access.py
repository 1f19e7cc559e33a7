"""How nodes reach what they download: mirrors, proxy, authorities, credentials.

Secrets and ConfigMaps are named here and live in wasmwright's own namespace. Only the unprivileged
container that downloads gets to see what they hold.
"""

from typing import Annotated, Final

from pydantic import ConfigDict, Field

from wasmwright_operator.api.meta import ApiModel, rule, rules

_OBJECT: Final = r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"
_KEY: Final = r"^[.]?[A-Za-z0-9_-][A-Za-z0-9._-]*$"
URL: Final = r"^https?://[^\s/@]+/\S+$"
"""An address without credentials, which everybody who may read the object would read too."""

ObjectName = Annotated[str, Field(pattern=_OBJECT, max_length=253)]
DataKey = Annotated[str, Field(pattern=_KEY, max_length=253)]
Url = Annotated[str, Field(pattern=URL, max_length=2048)]
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9.*:\[\]-]+$", max_length=262)]


class ProxySpec(ApiModel):
    """The proxy through which nodes download."""

    url: str = Field(pattern=r"^https?://[^\s/@]+/?$", max_length=512)
    """Its address, for example http://proxy.example.com:3128."""
    no_proxy: tuple[Host, ...] = Field(default=(), max_length=64)
    """Hosts, with all below them, and IP addresses that are asked directly."""
    secret: ObjectName | None = None
    """A Secret with the keys `username` and `password`, if the proxy wants them."""


class CaBundle(ApiModel):
    """Certificate authorities that are trusted besides the public ones."""

    config_map: ObjectName
    """The ConfigMap that holds them."""
    key: DataKey = "ca.crt"
    """The key below which they stand, in PEM form."""


class KeyFile(ApiModel):
    """A key of a ConfigMap or of a Secret: exactly one of them."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            rule(
                "has(self.configMap) != has(self.secret)",
                "exactly one of configMap and secret must be given",
            )
        )
    )

    config_map: ObjectName | None = None
    """The ConfigMap that holds it."""
    secret: ObjectName | None = None
    """The Secret that holds it; of it only this key is handed to nodes."""


class PublicKeyFile(KeyFile):
    """Where a public key stands."""

    key: DataKey = "cosign.pub"
    """The key below which it stands, in PEM form: ECDSA on P-256, or RSA."""


class TrustedRootFile(KeyFile):
    """Where a trust root of sigstore stands."""

    key: DataKey = "trusted_root.json"
    """The key below which it stands, as JSON."""


class KeylessSpec(ApiModel):
    """An identity that an issuer vouches for, proven by a certificate and a log, offline."""

    identity: str = Field(min_length=1, max_length=1024)
    """Who signs: an address of mail, or the URI of a workflow, exactly."""
    issuer: str = Field(min_length=1, max_length=1024)
    """Who says so, for example https://token.actions.githubusercontent.com."""
    trusted_root: TrustedRootFile
    """The authorities and logs to believe."""


class VerifySpec(ApiModel):
    """Who must have signed what nodes download: exactly one of the fields."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            rule(
                "has(self.publicKey) != has(self.keyless)",
                "exactly one of publicKey and keyless must be given",
            )
        )
    )

    public_key: PublicKeyFile | None = None
    """The key that `cosign sign --key` and `cosign sign-blob --key` belong to."""
    keyless: KeylessSpec | None = None
    """An identity instead of a key."""


class HeaderAuthSpec(ApiModel):
    """A header that opens the way to downloads."""

    secret: ObjectName
    """The Secret that holds its value."""
    key: DataKey = "authorization"
    """The key below which the whole value stands, for example `Bearer abc`."""
    header: str = Field(default="Authorization", pattern=r"^[A-Za-z0-9-]+$", max_length=64)
    """The header's name."""
    hosts: tuple[Host, ...] = Field(default=(), max_length=16)
    """Who gets it, as `host` or `host:port`; empty = the host of `url`, and none of the mirrors."""


class AccessSpec(ApiModel):
    """How nodes reach the downloads of a source."""

    proxy: ProxySpec | None = None
    """The proxy; absent = none, unless the Jobs' environment names one."""
    ca_bundle: CaBundle | None = None
    """Certificate authorities that are trusted besides the public ones."""
    verify: VerifySpec | None = None
    """Who must have signed it, checked before it is unpacked; absent = the digest says enough."""
    size_limit: str | None = Field(default=None, pattern=r"^[1-9][0-9]{0,5}(Ki|Mi|Gi)$")
    """How large a download, and the binary in it, may be; absent = 1Gi."""


class AuthenticatedAccessSpec(AccessSpec):
    """The same, with a header for those who want one."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            rule(
                "!has(self.auth) || self.platforms.all(item, item.url.startsWith('https://')"
                " && (!has(item.mirrors) || item.mirrors.all(url, url.startsWith('https://'))))",
                "with auth, url and mirrors must begin with https://,"
                " or the secret would travel in the open",
            )
        )
    )

    auth: HeaderAuthSpec | None = None
    """A header that opens the way to the downloads."""


_UNITS: Final = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}


def size_in_bytes(size: str | None) -> int:
    """Return the bytes that a size with a binary unit stands for; 0 for none."""
    return int(size[:-2]) * _UNITS[size[-2:]] if size else 0
