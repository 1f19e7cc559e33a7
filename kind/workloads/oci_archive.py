"""Write one-layer images as an OCI archive, without any build tool and the same bytes each time.

`io.containerd.image.name` is the annotation by which containerd names what it imports; the
specification's own annotation holds the tag only.
"""

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

ARCHITECTURES: Final[Mapping[str, str]] = {"x86_64": "amd64", "aarch64": "arm64"}
"""What the kernel calls a machine, and what images and node labels call it."""

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True, slots=True)
class Image:
    """An image with one layer."""

    name: str
    """Its full reference with a tag."""
    files: Mapping[str, bytes]
    """Absolute path -> content; all of them may be executed by everybody."""
    entrypoint: tuple[str, ...]


def architecture() -> str:
    """Return this machine's architecture in the words of images and of `kubernetes.io/arch`."""
    machine = platform.machine()
    return ARCHITECTURES.get(machine, machine)


def archive(*images: Image) -> bytes:
    """Return an OCI archive that holds the images."""
    blobs: dict[str, bytes] = {}
    manifests = [_add(image, blobs) for image in images]
    index = {"schemaVersion": 2, "manifests": manifests}
    files = {
        "oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
        "index.json": _json(index),
        **{f"blobs/sha256/{digest}": blob for digest, blob in sorted(blobs.items())},
    }
    return tar((name, content, 0o644) for name, content in files.items())


def tar(members: Iterable[tuple[str, bytes, int]]) -> bytes:
    """Return a tar of (name, content, mode), owned by root at the beginning of time."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive_file:
        for name, content, mode in members:
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), mode
            archive_file.addfile(info, io.BytesIO(content))
    return out.getvalue()


def _add(image: Image, blobs: dict[str, bytes]) -> dict[str, Any]:
    layer = tar((path.lstrip("/"), content, 0o755) for path, content in image.files.items())
    config = {
        "architecture": architecture(),
        "os": "linux",
        "config": {"Entrypoint": list(image.entrypoint)},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_digest(layer)}"]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": _store(_json(config), _CONFIG, blobs),
        "layers": [_store(layer, _LAYER, blobs)],
    }
    annotations = {
        "io.containerd.image.name": image.name,
        "org.opencontainers.image.ref.name": image.name.rpartition(":")[2],
    }
    return {**_store(_json(manifest), _MANIFEST, blobs), "annotations": annotations}


def _store(blob: bytes, media_type: str, blobs: dict[str, bytes]) -> dict[str, Any]:
    digest = _digest(blob)
    blobs[digest] = blob
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(blob)}


def _digest(blob: bytes) -> str:
    return hashlib.sha256(blob).hexdigest()


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
