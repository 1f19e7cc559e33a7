"""Read and write OCI image archives, as far as a cluster needs it."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from localcluster.errors import SpecError

_NAME: Final = "io.containerd.image.name"
_REFERENCE: Final = "org.opencontainers.image.ref.name"
_PREFIX: Final = "application/vnd.oci.image"
_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class Image:
    """An image in an archive."""

    name: str
    digest: str


def images(archive: Path) -> tuple[Image, ...]:
    """Return the images that an archive holds.

    Raises SpecError if it is no OCI archive, or if one of its images has no full name: containerd
    would make one up.
    """
    index = _index(archive)
    found = []
    for manifest in index["manifests"]:
        annotations = manifest.get("annotations", {})
        name = annotations.get(_NAME) or annotations.get(_REFERENCE, "")
        if not any(separator in name for separator in "/:@"):
            raise SpecError(
                f"{archive} holds an image without a full name ({name!r}): write it with one, as in"
                " `buildah push IMAGE oci-archive:FILE:localhost/name:tag`"
            )
        found.append(Image(name, manifest["digest"]))
    return tuple(found)


def _index(archive: Path) -> dict[str, Any]:
    try:
        with tarfile.open(archive) as tar:
            member = tar.extractfile("index.json")
            content = member.read() if member else b""
        index: dict[str, Any] = json.loads(content)
    except (KeyError, ValueError, tarfile.TarError) as error:
        raise SpecError(f"{archive} is not an OCI image archive: {error}") from error
    except OSError as error:
        raise SpecError(f"cannot read the image archive {archive}: {error}") from error
    return index


def write(
    archive: Path,
    name: str,
    files: Mapping[str, bytes],
    *,
    entrypoint: tuple[str, ...],
    machine: str,
) -> None:
    """Write an image of one layer with executable `files`; the same input gives the same bytes.

    `machine` is what `uname -m` says; the archive appears whole or not at all.
    """
    layer = _tar({path.lstrip("/"): content for path, content in files.items()}, mode=0o755)
    config = _encode(
        {
            "architecture": _ARCHITECTURES.get(machine, machine),
            "os": "linux",
            "config": {"Entrypoint": list(entrypoint)},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
    )
    manifest = _encode(
        {
            "schemaVersion": 2,
            "mediaType": f"{_PREFIX}.manifest.v1+json",
            "config": _descriptor(config, "config.v1+json"),
            "layers": [_descriptor(layer, "layer.v1.tar")],
        }
    )
    named = _descriptor(manifest, "manifest.v1+json") | {"annotations": {_NAME: name}}
    members = {
        "oci-layout": _encode({"imageLayoutVersion": "1.0.0"}),
        "index.json": _encode({"schemaVersion": 2, "manifests": [named]}),
    }
    members |= {
        f"blobs/sha256/{_digest(blob).removeprefix('sha256:')}": blob
        for blob in (config, manifest, layer)
    }
    partial = archive.with_name(f".{archive.name}.part")
    partial.write_bytes(_tar(members, mode=0o644))
    partial.rename(archive)


def _descriptor(content: bytes, kind: str) -> dict[str, object]:
    return {"mediaType": f"{_PREFIX}.{kind}", "digest": _digest(content), "size": len(content)}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _encode(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _tar(members: Mapping[str, bytes], *, mode: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
