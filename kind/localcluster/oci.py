"""Read and write OCI image archives, as far as a cluster needs it."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Part:
    """One blob of an image: its configuration, or a layer."""

    media_type: str
    content: bytes


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
    layer = files_layer(files)
    config = image_config("linux", architecture(machine), entrypoint, (layer,))
    write_parts(archive, name, config, (layer,))


def architecture(machine: str) -> str:
    """Return what images call a machine that `uname -m` calls so."""
    return _ARCHITECTURES.get(machine, machine)


def files_layer(files: Mapping[str, bytes]) -> Part:
    """Return a layer that holds executable files."""
    members = {path.lstrip("/"): content for path, content in files.items()}
    return Part(f"{_PREFIX}.layer.v1.tar", _tar(members, mode=0o755))


def image_config(
    system: str, processor: str, entrypoint: Sequence[str], layers: Iterable[Part]
) -> Part:
    """Return the configuration of an image for a platform, with the layers of its file system."""
    told = {
        "architecture": processor,
        "os": system,
        "config": {"Entrypoint": list(entrypoint)},
        "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]},
    }
    return Part(f"{_PREFIX}.config.v1+json", encode(told))


def write_parts(archive: Path, name: str, config: Part, layers: Iterable[Part]) -> None:
    """Write an image of ready parts; the archive appears whole or not at all."""
    parts = (config, *layers)
    body = {
        "schemaVersion": 2,
        "mediaType": f"{_PREFIX}.manifest.v1+json",
        "config": _descriptor(config),
        "layers": [_descriptor(layer) for layer in parts[1:]],
    }
    manifest = Part(f"{_PREFIX}.manifest.v1+json", encode(body))
    named = _descriptor(manifest) | {"annotations": {_NAME: name}}
    members = {
        "oci-layout": encode({"imageLayoutVersion": "1.0.0"}),
        "index.json": encode({"schemaVersion": 2, "manifests": [named]}),
    }
    members |= {
        f"blobs/sha256/{digest(part).removeprefix('sha256:')}": part.content
        for part in (*parts, manifest)
    }
    partial = archive.with_name(f".{archive.name}.part")
    partial.write_bytes(_tar(members, mode=0o644))
    partial.rename(archive)


def digest(part: Part) -> str:
    """Return the digest by which a part is known."""
    return f"sha256:{hashlib.sha256(part.content).hexdigest()}"


def encode(value: object) -> bytes:
    """Return a value as JSON, always the same."""
    return json.dumps(value, sort_keys=True).encode()


def _descriptor(part: Part) -> dict[str, object]:
    return {"mediaType": part.media_type, "digest": digest(part), "size": len(part.content)}


def _tar(members: Mapping[str, bytes], *, mode: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
