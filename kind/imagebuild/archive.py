"""Make of an OCI layout the one file that nodes import."""

import json
import os
import tarfile
from pathlib import Path
from typing import Any


def name_for_containerd(index: dict[str, Any]) -> dict[str, Any]:
    """Return an index whose images have the names under which containerd is to keep them.

    buildah writes the full reference where the specification has the tag; containerd wants the full
    one in an annotation of its own.
    """
    manifests = []
    for manifest in index["manifests"]:
        reference = manifest["annotations"]["org.opencontainers.image.ref.name"]
        annotations = {
            "io.containerd.image.name": reference,
            "org.opencontainers.image.ref.name": reference.rpartition(":")[2],
        }
        manifests.append({**manifest, "annotations": annotations})
    return {**index, "manifests": manifests}


def pack(layout: Path, target: Path) -> None:
    """Write an OCI layout as an archive, whole or not at all."""
    index = layout / "index.json"
    index.write_text(json.dumps(name_for_containerd(json.loads(index.read_text()))))
    new = target.with_name(f".{target.name}.{os.getpid()}")
    with tarfile.open(new, "w") as out:
        for path in sorted(layout.rglob("*")):
            if path.is_file():
                out.add(path, arcname=str(path.relative_to(layout)))
    new.rename(target)
