"""Where nodes get a binary from: `spec.source` of a WasmRuntime."""

from typing import Annotated, Final

from pydantic import ConfigDict, Field

from wasmwright_installer.contract import OCI_REFERENCE_PATTERN, OCI_REPOSITORY_PATTERN
from wasmwright_operator.api.access import URL, AccessSpec, AuthenticatedAccessSpec, ObjectName, Url
from wasmwright_operator.api.meta import ApiModel, list_map, rule, rules

_FILE: Final = r"[A-Za-z0-9_][A-Za-z0-9._+-]*"
_SEGMENT: Final = r"[A-Za-z0-9._+-]+"
_NO_PARENT: Final = rule(
    "!self.matches('(^|/)[.][.](/|$)')",
    "a path may not go up by '..'",
)


class Platform(ApiModel):
    """The download for one architecture."""

    arch: str = Field(pattern=r"^[a-z0-9]+$", max_length=32)
    """The architecture, as in the node label `kubernetes.io/arch`: amd64, arm64, ..."""
    url: str = Field(pattern=URL, max_length=2048)
    """Where the binary, or an archive that holds it, is downloaded from by the node."""
    mirrors: tuple[Url, ...] = Field(default=(), max_length=8)
    """Other addresses of the same bytes, tried in this order when `url` does not give them."""
    sha256: str = Field(default="", pattern=r"^([a-f0-9]{64})?$")
    """The digest of the download, checked before anything is unpacked; empty only with
    spec.allowUnverified."""
    signature: Url | None = None
    """Where its signature is, if `verify` is given; absent = beside each address, as `.sig` (of a
    key) or `.sigstore.json` (of an identity)."""
    path: str = Field(
        default="",
        pattern=rf"^(({_SEGMENT}/)*{_FILE})?$",
        max_length=256,
        json_schema_extra=rules(_NO_PARENT),
    )
    """The member to take out of an archive (tar, plain or by gzip, bzip2, xz or zstd, or zip);
    empty = the download is the binary itself."""


class HttpSource(AuthenticatedAccessSpec):
    """Downloads, one per architecture, each checked against its digest before it is unpacked."""

    platforms: tuple[Platform, ...] = Field(
        min_length=1, max_length=16, json_schema_extra=list_map("arch")
    )
    """One entry per architecture; nodes of others are reported as unsupported."""


class OciSource(AccessSpec):
    """An artifact in a registry, pulled by its digest in a container of wasmwright's own."""

    ref: str = Field(pattern=OCI_REFERENCE_PATTERN, max_length=512)
    """`registry/repository@sha256:...`, of an index or of a manifest."""
    mirrors: tuple[Annotated[str, Field(pattern=OCI_REPOSITORY_PATTERN, max_length=440)], ...] = (
        Field(default=(), max_length=8)
    )
    """Other repositories (`registry/repository`) with the same artifact, tried in this order."""
    title: str = Field(default="", max_length=256)
    """The layer to take, by its annotation org.opencontainers.image.title; empty = the only one."""
    path: str = Field(
        default="",
        pattern=rf"^(({_SEGMENT}/)*{_FILE})?$",
        max_length=256,
        json_schema_extra=rules(_NO_PARENT),
    )
    """The member to take out of the layer, if that is an archive; empty = it is the binary."""
    pull_secrets: tuple[ObjectName, ...] = Field(default=(), max_length=8)
    """Secrets of type kubernetes.io/dockerconfigjson, in wasmwright's own namespace."""
    architectures: tuple[Annotated[str, Field(pattern=r"^[a-z0-9]+$", max_length=32)], ...] = Field(
        default=(), max_length=16
    )
    """Those that the artifact is for, as in the node label `kubernetes.io/arch`; empty = any node
    tries."""


class ImageSource(ApiModel):
    """A file in a container image, pulled by the node's own container runtime."""

    ref: str = Field(pattern=OCI_REFERENCE_PATTERN, max_length=512)
    """`registry/repository@sha256:...`, of an index or of a manifest."""
    path: str = Field(
        pattern=rf"^/({_SEGMENT}/)*{_FILE}$", max_length=1024, json_schema_extra=rules(_NO_PARENT)
    )
    """The absolute path of the binary in the image, which need hold nothing else."""
    pull_secrets: tuple[ObjectName, ...] = Field(default=(), max_length=8)
    """Secrets of type kubernetes.io/dockerconfigjson, in wasmwright's own namespace; the node's own
    credentials count too."""
    architectures: tuple[Annotated[str, Field(pattern=r"^[a-z0-9]+$", max_length=32)], ...] = Field(
        default=(), max_length=16
    )
    """Those that the image is for, as in the node label `kubernetes.io/arch`; empty = any node
    tries."""


class HostProbe(ApiModel):
    """A command line that the binary must answer before the node counts as having it."""

    args: tuple[Annotated[str, Field(max_length=256)], ...] = Field(
        default=("--version",), max_length=8
    )
    """Arguments for the binary, which must end with exit code 0."""
    contains: str = Field(default="", max_length=256)
    """A piece of text that the output must hold; empty = any output."""


class HostPathSource(ApiModel):
    """A binary that nodes already have: only the configuration is ours."""

    path: str = Field(
        pattern=rf"^/({_SEGMENT}/)*{_FILE}$", max_length=1024, json_schema_extra=rules(_NO_PARENT)
    )
    """The absolute path on the node, for example /usr/bin/crun."""
    probe: HostProbe | None = None
    """How to find out that it is the right binary."""


class SourceSpec(ApiModel):
    """Where the binary comes from: exactly one of the fields."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            rule(
                "[has(self.http), has(self.oci), has(self.image), has(self.hostPath)]"
                ".filter(given, given).size() == 1",
                "exactly one of http, oci, image and hostPath must be given",
            )
        )
    )

    http: HttpSource | None = None
    """Downloads by http or https, with digests."""
    oci: OciSource | None = None
    """An artifact in a registry, by its digest."""
    image: ImageSource | None = None
    """A file in a container image, which the node's own container runtime pulls."""
    host_path: HostPathSource | None = None
    """A binary that nodes already have."""
