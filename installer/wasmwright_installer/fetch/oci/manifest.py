"""What an index and a manifest say: which manifest is for this machine, which layer is wanted."""

import json
import re
from typing import Any

from wasmwright_installer.errors import ArtifactError

MEDIA_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_SHA256 = re.compile(r"sha256:([a-f0-9]{64})")
_TITLE = "org.opencontainers.image.title"
_ARCHITECTURES = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "armv7l": "arm",
    "loongarch64": "loong64",
}
"""Where a registry says it in another way than `uname -m`."""

Json = dict[str, Any]


def parse(what: str, content: bytes) -> Json:
    """Return an index or a manifest.

    Args:
        what: the runtime and the reference, which every sentence here begins with.
        content: its bytes.

    Raises:
        ArtifactError: it is neither.
    """
    try:
        found = json.loads(content)
        listed = found.get("manifests", found.get("layers"))
        is_one = isinstance(listed, list) and all(isinstance(item, dict) for item in listed)
    except (ValueError, AttributeError):
        is_one = False
    if not is_one:
        raise ArtifactError(
            f"{what} is neither an index nor a manifest with layers; correct the source's ref",
            reason="MemberNotFound",
        )
    manifest: Json = found
    return manifest


def manifest_for(what: str, found: Json, machine: str) -> str | None:
    """Return the digest of the manifest for a machine; None when this is no index but one itself.

    Raises:
        ArtifactError: there is none.
    """
    if "manifests" not in found:
        return None
    wanted = f"linux/{_ARCHITECTURES.get(machine, machine)}"
    platforms = {_platform(item): item for item in reversed(found["manifests"])}
    if wanted not in platforms:
        has = ", ".join(sorted(platforms)) or "nothing"
        raise ArtifactError(
            f"{what} has manifests for {has} and none for {wanted}; push one, or list the "
            "architectures that it has in the source",
            reason="WrongArchitecture",
        )
    return digest_in(what, platforms[wanted])


def _platform(item: Json) -> str:
    platform = item.get("platform") or {}
    return f"{platform.get('os', '?')}/{platform.get('architecture', '?')}"


def layer_of(what: str, found: Json, title: str) -> str:
    """Return the digest of the layer with a title, or of the only one.

    Raises:
        ArtifactError: there is none, or there are several.
    """
    layers = [item for item in found.get("layers", ()) if title in {"", _title(item)}]
    if len(layers) != 1:
        titles = ", ".join(repr(_title(item)) for item in found.get("layers", ())) or "none"
        wanted = f"{len(layers)} layers with title {title!r}" if title else f"{len(layers)} layers"
        raise ArtifactError(
            f"{what} has {wanted} (titles: {titles}); name the one to take in the source's title",
            reason="MemberNotFound",
        )
    return digest_in(what, layers[0])


def _title(layer: Json) -> str:
    return str((layer.get("annotations") or {}).get(_TITLE, ""))


def digest_in(what: str, item: Json) -> str:
    """Return the digest that a descriptor names.

    Raises:
        ArtifactError: it names none, or one of another kind.
    """
    found = _SHA256.fullmatch(str(item.get("digest")))
    if found is None:
        raise ArtifactError(
            f"{what} names {item.get('digest')!r}, which is no sha256 digest; push it anew",
            reason="DigestMismatch",
        )
    return found[1]
